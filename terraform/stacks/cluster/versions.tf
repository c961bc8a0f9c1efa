terraform {
  required_version = ">= 1.11.0, < 2.0.0"

  # Tests put their mock in this place; the resources are in the modules.
  required_providers {
    # tflint-ignore: terraform_unused_required_providers
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.25.0, < 7.0.0"
    }
  }
}
