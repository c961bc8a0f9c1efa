# kasbah_embed_sql(target schema dir) compiles dir/*.sql into `target` as
# kasbah::migrations::<schema>(), so that the command line carries every schema it can make.
function(kasbah_embed_sql target schema dir)
  file(GLOB files CONFIGURE_DEPENDS ${dir}/*.sql)
  list(SORT files)
  set(out ${CMAKE_BINARY_DIR}/gen/migrations/${schema}.cc)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DSCHEMA=${schema} "-DFILES=${files}" -DOUT=${out}
            -P ${CMAKE_SOURCE_DIR}/cmake/EmbedSql.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/EmbedSql.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
