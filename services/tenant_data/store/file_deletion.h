#pragma once

// What every deletion does to the rows that `condition` names; their bytes are free at once. Pieces
// of archives took none.
#define KASBAH_DELETE_FILES(condition)                                                      \
  "WITH gone AS (UPDATE tenant_data.files SET state = 'deleted', name = '', subject = '', " \
  "data_key = NULL, due_at = $2 WHERE tenant_id = $1 AND " condition                        \
  " RETURNING *), freed AS (UPDATE tenant_data.file_usage SET bytes = bytes - "             \
  "(SELECT coalesce(sum(size), 0) FROM gone WHERE operation_id IS NULL)::bigint "           \
  "WHERE tenant_id = $1) "
