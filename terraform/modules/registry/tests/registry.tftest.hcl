mock_provider "aws" {
  # What a policy says is asserted on its statements; its rendering is AWS's provider's.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  repositories = ["auth", "vault"]
  key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001"
}

run "a_tag_is_set_once_and_images_are_scanned" {
  command = plan

  assert {
    condition     = alltrue([for r in aws_ecr_repository.this : r.image_tag_mutability == "IMMUTABLE" && r.image_scanning_configuration[0].scan_on_push])
    error_message = "An image can be replaced under its name, or is not scanned."
  }

  assert {
    condition     = toset([for r in aws_ecr_repository.this : r.name]) == toset(["kasbah-auth", "kasbah-vault"])
    error_message = "Not named as the chart expects: <registry>/kasbah-<process>."
  }
}

run "nobody_else_pulls_unless_told" {
  command = plan

  assert {
    condition     = length(aws_ecr_repository_policy.pull) == 0
    error_message = "Another account may pull."
  }
}

run "production_pulls_from_here" {
  command = plan

  variables {
    pullers = ["444455556666"]
  }

  assert {
    condition     = length(aws_ecr_repository_policy.pull) == 2 && one(data.aws_iam_policy_document.pull.statement[0].principals).identifiers == toset(["arn:aws:iam::444455556666:root"])
    error_message = "Production cannot pull, or somebody else can."
  }

  assert {
    condition     = length(setintersection(data.aws_iam_policy_document.pull.statement[0].actions, ["ecr:PutImage", "ecr:*"])) == 0
    error_message = "Who pulls can push."
  }
}
