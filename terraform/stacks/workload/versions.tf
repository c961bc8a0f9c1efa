terraform {
  required_version = ">= 1.11.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.25.0, < 7.0.0"
      # Route 53 takes signing keys and query logs from us-east-1 alone.
      configuration_aliases = [aws.us_east_1]
    }
  }
}
