# The rules that come with tflint itself; those about AWS's own values are a plugin that is fetched.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

# A module's files are named after what they are about (endpoints.tf, policies.tf).
rule "terraform_standard_module_structure" {
  enabled = false
}
