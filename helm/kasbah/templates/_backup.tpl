{{/* Where dumps are: the same for who writes and who reads. */}}
{{- define "kasbah.backup.env" -}}
{{- $dump := .Values.backup.dump -}}
{{- if eq $dump.destination "claim" -}}
- {name: KASBAH_BACKUPS, value: /var/lib/kasbah-backups}
{{- else -}}
- {name: KASBAH_BUCKET, value: {{ $dump.s3.bucket | quote }}}
- {name: KASBAH_PREFIX, value: {{ $dump.s3.prefix | quote }}}
- {name: RCLONE_S3_PROVIDER, value: AWS}
- {name: RCLONE_S3_ENV_AUTH, value: "true"}
- {name: RCLONE_S3_NO_CHECK_BUCKET, value: "true"}
- {name: RCLONE_S3_REGION, value: {{ $dump.s3.region | quote }}}
- {name: RCLONE_CONFIG, value: /tmp/rclone.conf}
{{- with $dump.s3.endpoint }}
- {name: RCLONE_S3_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- if $dump.s3.credentialsSecret }}
- {name: AWS_SHARED_CREDENTIALS_FILE, value: /run/kasbah/aws/credentials}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "kasbah.backup.mounts" -}}
{{- $dump := .root.Values.backup.dump -}}
{{- if eq $dump.destination "claim" -}}
- {name: backups, mountPath: /var/lib/kasbah-backups, readOnly: {{ .readOnly }}}
{{- else if $dump.s3.credentialsSecret -}}
- {name: aws, mountPath: /run/kasbah/aws, readOnly: true}
{{- end -}}
{{- end -}}

{{- define "kasbah.backup.volumes" -}}
{{- $dump := .root.Values.backup.dump -}}
{{- if eq $dump.destination "claim" -}}
- name: backups
  persistentVolumeClaim: {claimName: {{ default (printf "%s-backup" (include "kasbah.fullname" .root)) $dump.claim.existingClaim }}, readOnly: {{ .readOnly }}}
{{- else if $dump.s3.credentialsSecret -}}
- name: aws
  secret: {secretName: {{ $dump.s3.credentialsSecret }}, defaultMode: 0440}
{{- end -}}
{{- end -}}
