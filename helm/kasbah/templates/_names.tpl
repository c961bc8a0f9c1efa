{{/* Names start with the release's, so that two installs share nothing. */}}
{{- define "kasbah.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* Of one component's pods: (dict "root" $ "component" "vault"). */}}
{{- define "kasbah.selector" -}}
app.kubernetes.io/name: kasbah
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "kasbah.labels" -}}
{{ include "kasbah.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* Name and labels: (dict "root" $ "component" "vault" "name" "kasbah-vault"). */}}
{{- define "kasbah.metadata" -}}
name: {{ .name }}
namespace: {{ default .root.Release.Namespace .namespace }}
labels: {{- include "kasbah.labels" . | nindent 2 }}
{{- end -}}

{{/* The image of a process: (dict "root" $ "process" "vault"). */}}
{{- define "kasbah.image" -}}
{{- $image := .root.Values.image -}}
{{- $digest := get $image.digests .process -}}
{{- $repository := printf "%s/kasbah-%s" $image.registry .process -}}
{{- if $digest -}}{{ $repository }}@{{ $digest }}
{{- else -}}{{ $repository }}:{{ default .root.Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{/* One entry of services, with what defaults say where it says nothing: (dict "root" $ "name" …). */}}
{{- define "kasbah.service" -}}
{{- mustMergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (get .root.Values.services .name)) | toYaml -}}
{{- end -}}

{{/* A list of the services that run, as YAML. */}}
{{- define "kasbah.running" -}}
{{- range $name := keys .Values.services | sortAlpha -}}
{{- $service := include "kasbah.service" (dict "root" $ "name" $name) | fromYaml -}}
{{- if $service.enabled }}
- {{ $name }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kasbah.address" -}}
dns:///{{ include "kasbah.fullname" .root }}-{{ .name }}.{{ .root.Release.Namespace }}.svc:{{ .root.Values.ports.grpc }}
{{- end -}}

{{- define "kasbah.databaseHost" -}}
{{- if .Values.database.cloudNativePG.enabled -}}{{ include "kasbah.fullname" . }}-pg-rw
{{- else -}}{{ .Values.database.host }}{{- end -}}
{{- end -}}

{{/* libpq's words for one role: (dict "root" $ "role" "kasbah_vault"). */}}
{{- define "kasbah.dsn" -}}
{{- $database := .root.Values.database -}}
host={{ include "kasbah.databaseHost" .root }} port={{ $database.port }} dbname={{ default $database.name .database }} user={{ .role }} sslmode=verify-full sslrootcert=/run/kasbah/database-ca/ca.crt target_session_attrs=read-write
{{- end -}}

{{/* "15m" in seconds. */}}
{{- define "kasbah.seconds" -}}
{{- $number := regexFind "^[0-9]+" . | int -}}
{{- $unit := regexFind "[smhd]$" . -}}
{{- mul $number (get (dict "s" 1 "m" 60 "h" 3600 "d" 86400) $unit) -}}
{{- end -}}
