{{/* All roles: those of the map, and those of tools. */}}
{{- define "kasbah.roles" -}}
{{- $roles := list "kasbah_migrator" "kasbah_backup" -}}
{{- range $name, $service := .Values.services -}}
{{- range $section, $role := $service.pools -}}{{- $roles = append $roles $role -}}{{- end -}}
{{- end -}}
{{ $roles | uniq | sortAlpha | join " " }}
{{- end -}}

{{- define "kasbah.pod.migrate" -}}
metadata:
  labels: {{- include "kasbah.labels" (dict "root" $ "component" "migrate") | nindent 4 }}
spec: {{- include "kasbah.podSecurity" . | nindent 2 }}
  restartPolicy: OnFailure
  containers:
    - {{- include "kasbah.tool" (dict "root" $ "name" "migrate" "script" "migrate.sh") | nindent 6 }}
      env:
        - {name: KASBAH_DSN, value: {{ include "kasbah.dsn" (dict "root" $ "role" "kasbah_migrator") | quote }}}
        - {name: KASBAH_PASSWORD_FILE, value: /run/kasbah/passwords/kasbah_migrator}
        - {name: KASBAH_TRUST_DOMAIN, value: {{ .Values.trustDomain | quote }}}
      volumeMounts: {{- include "kasbah.mount.database" . | nindent 8 }}
        - {name: scripts, mountPath: /run/kasbah/scripts, readOnly: true}
        - {name: tmp, mountPath: /tmp}
  volumes: {{- include "kasbah.volume.scripts" . | nindent 4 }}
    {{- include "kasbah.volume.databaseCa" . | nindent 4 }}
    {{- include "kasbah.volume.passwords" (dict "root" $ "owner" "migrator") | nindent 4 }}
    - {name: tmp, emptyDir: {sizeLimit: 16Mi}}
{{- end -}}

{{- define "kasbah.pod.makeRoles" -}}
{{- $database := .Values.database -}}
{{- $fullname := include "kasbah.fullname" . -}}
metadata:
  labels: {{- include "kasbah.labels" (dict "root" $ "component" "make-roles") | nindent 4 }}
spec: {{- include "kasbah.podSecurity" . | nindent 2 }}
  restartPolicy: OnFailure
  containers:
    - {{- include "kasbah.tool" (dict "root" $ "name" "make-roles" "script" "make-roles.sh") | nindent 6 }}
      env:
        - {name: KASBAH_ADMIN_DSN, value: {{ include "kasbah.dsn" (dict "root" $ "role" $database.bootstrap.adminUser "database" $database.bootstrap.adminDatabase) | quote }}}
        - {name: KASBAH_DATABASE, value: {{ $database.name | quote }}}
      volumeMounts: {{- include "kasbah.mount.database" . | nindent 8 }}
        - {name: scripts, mountPath: /run/kasbah/scripts, readOnly: true}
        - {name: admin, mountPath: /run/kasbah/admin, readOnly: true}
        - {name: tmp, mountPath: /tmp}
  volumes: {{- include "kasbah.volume.scripts" . | nindent 4 }}
    {{- include "kasbah.volume.databaseCa" . | nindent 4 }}
    - name: admin
      secret:
        secretName: {{ ternary (printf "%s-pg-superuser" $fullname) $database.bootstrap.pgpassSecret $database.cloudNativePG.enabled }}
        items: [{key: pgpass, path: pgpass}]
        defaultMode: 0440
    - {name: tmp, emptyDir: {sizeLimit: 16Mi}}
    - name: passwords
      projected:
        defaultMode: 0440
        sources:
          {{- range concat (keys .Values.services | sortAlpha) (list "migrator" "backup") }}
          - secret: {name: {{ $fullname }}-db-{{ . }}}
          {{- end }}
{{- end -}}
