{{/* What every pod of ours is: Pod Security "restricted", and closer. */}}
{{- define "kasbah.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.user }}
  runAsGroup: {{ .Values.user }}
  fsGroup: {{ .Values.user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "kasbah.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* A container of the tools image that runs one of files/scripts:
     (dict "root" $ "name" "migrate" "script" "migrate.sh" "resources" …). Mounts and environment follow. */}}
{{- define "kasbah.tool" -}}
name: {{ .name }}
image: {{ include "kasbah.image" (dict "root" .root "process" "tools") }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: [/bin/sh, /run/kasbah/scripts/{{ .script }}]
securityContext: {{- include "kasbah.containerSecurity" .root | nindent 2 }}
resources: {{- toYaml (default (dict "requests" (dict "cpu" "20m" "memory" "32Mi") "limits" (dict "cpu" "1" "memory" "128Mi")) .resources) | nindent 2 }}
{{- end -}}

{{- define "kasbah.volume.scripts" -}}
- name: scripts
  configMap: {name: {{ include "kasbah.fullname" . }}-scripts}
{{- end -}}

{{- define "kasbah.volume.databaseCa" -}}
{{- $database := .Values.database -}}
- name: database-ca
  {{- if $database.cloudNativePG.enabled }}
  secret: {secretName: {{ include "kasbah.fullname" . }}-pg-ca, items: [{key: ca.crt, path: ca.crt}]}
  {{- else if $database.ca.configMap }}
  configMap: {name: {{ $database.ca.configMap }}, items: [{key: {{ $database.ca.key }}, path: ca.crt}]}
  {{- else }}
  secret: {secretName: {{ $database.ca.secret }}, items: [{key: {{ $database.ca.key }}, path: ca.crt}]}
  {{- end }}
{{- end -}}

{{/* One role's password, or a service's: (dict "root" $ "owner" "vault"). */}}
{{- define "kasbah.volume.passwords" -}}
- name: passwords
  secret: {secretName: {{ include "kasbah.fullname" .root }}-db-{{ .owner }}, defaultMode: 0440}
{{- end -}}

{{/* Readable by the process alone, in memory. */}}
{{- define "kasbah.volume.files" -}}
- name: files
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
{{- end -}}

{{- define "kasbah.volume.operator" -}}
- name: operator-tls
  secret: {secretName: {{ include "kasbah.fullname" . }}-tls-operator-{{ first .Values.certificates.operators }}, defaultMode: 0440}
{{- end -}}

{{- define "kasbah.mount.database" -}}
- {name: scripts, mountPath: /run/kasbah/scripts, readOnly: true}
- {name: database-ca, mountPath: /run/kasbah/database-ca, readOnly: true}
- {name: passwords, mountPath: /run/kasbah/passwords, readOnly: true}
{{- end -}}

{{/* Waits until the schema of this version is there: (dict "root" $ "role" … ). */}}
{{- define "kasbah.waitForSchema" -}}
{{ include "kasbah.tool" (dict "root" .root "name" "wait-for-schema" "script" "wait-for-schema.sh") }}
env:
  - {name: KASBAH_DSN, value: {{ include "kasbah.dsn" (dict "root" .root "role" .role) | quote }}}
  - {name: KASBAH_PASSWORD_FILE, value: /run/kasbah/passwords/{{ .role }}}
  - {name: KASBAH_WAIT_SECONDS, value: {{ include "kasbah.seconds" .root.Values.database.migrations.timeout | quote }}}
volumeMounts: {{- include "kasbah.mount.database" .root | nindent 2 }}
{{- end -}}
