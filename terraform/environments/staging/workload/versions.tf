terraform {
  required_version = "1.11.4"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.25.0"
    }
  }

  # The bucket and its region are given at init. The lock is a file beside the state.
  backend "s3" {
    key          = "staging/workload.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
