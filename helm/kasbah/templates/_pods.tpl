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

{{/* A container of the tools image that runs one of files/scripts, or `command`:
     (dict "root" $ "name" "migrate" "script" "migrate.sh" "resources" …). Mounts and environment follow. */}}
{{- define "kasbah.tool" -}}
name: {{ .name }}
image: {{ include "kasbah.image" (dict "root" .root "process" "tools") }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: {{ .command | default (list "/bin/sh" (printf "/run/kasbah/scripts/%s" .script)) | toJson }}
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

{{/* Files of an entry's secretFiles: root's, for the process's group alone. */}}
{{- define "kasbah.volume.files" -}}
- name: files
  projected:
    defaultMode: 0440
    sources:
      {{- range $file, $from := . }}
      - secret: {name: {{ $from.secret }}, items: [{key: {{ $from.key }}, path: {{ $file }}}]}
      {{- end }}
{{- end -}}

{{- define "kasbah.volume.operator" -}}
- name: operator-tls
  secret: {secretName: {{ include "kasbah.fullname" . }}-tls-operator-{{ first .Values.certificates.operators }}, defaultMode: 0440}
{{- end -}}

{{- define "kasbah.mount.database" -}}
- {name: database-ca, mountPath: /run/kasbah/database-ca, readOnly: true}
- {name: passwords, mountPath: /run/kasbah/passwords, readOnly: true}
{{- end -}}

{{/* Waits until the schema of the image's version is there: (dict "root" $ "role" … ). */}}
{{- define "kasbah.waitForSchema" -}}
{{- $command := list "/usr/bin/kasbah" "migrate"
      "--wait" (printf "%ss" (include "kasbah.seconds" .root.Values.database.migrations.timeout))
      "--dsn" (include "kasbah.dsn" .)
      "--password-file" (printf "/run/kasbah/passwords/%s" .role) -}}
{{ include "kasbah.tool" (dict "root" .root "name" "wait-for-schema" "command" $command) }}
volumeMounts: {{- include "kasbah.mount.database" .root | nindent 2 }}
{{- end -}}
