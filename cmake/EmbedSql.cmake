# Writes one C++ file that holds the given SQL files as raw strings. A raw string may hold 64 KiB
# by the standard; GCC and Clang take more.
set(text "#include \"libs/postgres/migration.h\"\n\nnamespace kasbah::migrations {\n\n")
string(APPEND text "std::vector<postgres::Migration> ${SCHEMA}() {\n  return {\n")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} body)
  string(APPEND text "      {\"${SCHEMA}\", \"${name}\", R\"kasbah_sql(${body})kasbah_sql\"},\n")
endforeach()
string(APPEND text "  };\n}\n\n}  // namespace kasbah::migrations\n")
file(WRITE ${OUT} "${text}")
