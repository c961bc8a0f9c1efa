# Secrets for the cluster, which External Secrets copies into it. Passwords are written
# without ever being in a plan or a state; what only a person has is a place without a value.
resource "aws_secretsmanager_secret" "passwords" {
  # checkov:skip=CKV2_AWS_57:passwords_version turns them all at once, together with PostgreSQL's side.
  for_each = var.roles

  name        = "${var.prefix}/${each.key}"
  description = "Passwords of database roles"
  kms_key_id  = var.key_arn
}

resource "aws_secretsmanager_secret_version" "passwords" {
  for_each = var.roles

  secret_id = aws_secretsmanager_secret.passwords[each.key].id
  secret_string_wo = jsonencode({
    for role in each.value : role => var.passwords[role]
  })
  secret_string_wo_version = var.passwords_version
}

resource "aws_secretsmanager_secret" "given" {
  # checkov:skip=CKV2_AWS_57:What a person puts in, a person turns: the operators' guide says how.
  for_each = var.given

  name        = "${var.prefix}/${each.key}"
  description = "Put in by hand"
  kms_key_id  = var.key_arn
}
