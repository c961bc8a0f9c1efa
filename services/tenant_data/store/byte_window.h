#pragma once

namespace kasbah::tenantdata {

// Of rows with columns `data` (jsonb) and `sealed` (bytea) as many of the first as take four
// megabytes together, and one however large it is: what no reply holds is not read into memory
// either. Stands around the rows' own SELECT, which has a LIMIT:
//
//   SELECT r.record_id, r.is_followed KASBAH_WINDOW("s.*") SELECT … LIMIT 50
//   KASBAH_WINDOW_END("p.record_id")
//
// Comes as r; r.is_followed tells that there was a row after it: true of the last one, the window
// ended them. `columns` is what is asked of s, s.n and s.is_followed with it; it is made of rows of
// the window alone.
//
// Sizes as they are stored are asked first, since they cost nothing: of what is far too much little
// is unpacked to measure it. A row that is small as it is stored, and not compressed, is not
// written out to be measured: of numbers with large exponents its text may be some 40 times as
// long.
#define KASBAH_TEXT_BYTES                                                              \
  "CASE WHEN pg_column_size(w.data) < 2000 AND pg_column_compression(w.data) IS NULL " \
  "THEN pg_column_size(w.data) ELSE octet_length(w.data::text) END"
#define KASBAH_WINDOW(columns)                                                                \
  "FROM (SELECT w.*, sum(" KASBAH_TEXT_BYTES                                                  \
  " + coalesce(octet_length(w.sealed), 0)) "                                                  \
  "OVER (ORDER BY w.n ROWS UNBOUNDED PRECEDING) AS bytes FROM (SELECT " columns               \
  " FROM (SELECT p.*, row_number() OVER o AS n, lead(true, 1, false) OVER o AS is_followed, " \
  "sum(pg_column_size(p.data) + coalesce(pg_column_size(p.sealed), 0)) OVER o AS stored FROM ("
#define KASBAH_WINDOW_END_AT(bytes, order)                               \
  ") AS p WINDOW o AS (ORDER BY " order                                  \
  " ROWS UNBOUNDED PRECEDING)) AS s WHERE s.n = 1 OR s.stored <= " bytes \
  " OFFSET 0) AS w) AS r "                                               \
  "WHERE r.n = 1 OR r.bytes <= " bytes " ORDER BY r.n"
#define KASBAH_WINDOW_END(order) KASBAH_WINDOW_END_AT("4000000", order)

}  // namespace kasbah::tenantdata
