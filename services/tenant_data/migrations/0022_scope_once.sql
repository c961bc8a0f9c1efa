-- Both keep readers out, for a moment.
DROP INDEX tenant_data.record_index_of_field;
ALTER INDEX tenant_data.record_index_by_record RENAME TO record_index_of_field;
CALL core.ask_scope_once('tenant_data.record_index');
