provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = { project = "kasbah", environment = "staging", state = "workload" }
  }
}

# Route 53 takes signing keys and query logs from there alone.
provider "aws" {
  alias               = "us_east_1"
  region              = "us-east-1"
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = { project = "kasbah", environment = "staging", state = "workload" }
  }
}
