# All images in one build, so that compiling happens once:
#   SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) REVISION=$(git rev-parse HEAD) \
#     docker buildx bake --file images/docker-bake.hcl
variable "REGISTRY" {
  default = "localhost"
}

variable "REVISION" {
  default = "unknown"
}

variable "VERSION" {
  default = "0.1.0"
}

# Seconds since 1970 of the commit: what an image's files and its manifest are dated.
variable "SOURCE_DATE_EPOCH" {
  default = "0"
}

group "default" {
  targets = ["image"]
}

target "image" {
  name       = process
  matrix     = { process = ["audit", "auth", "csi-provider", "tenant-data", "tools", "vault", "webhook", "witness"] }
  context    = "."
  dockerfile = "images/Dockerfile"
  target     = process
  tags       = ["${REGISTRY}/kasbah-${process}:${REVISION}"]

  args = {
    CREATED           = timeadd("1970-01-01T00:00:00Z", "${SOURCE_DATE_EPOCH}s")
    REVISION          = REVISION
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
    VERSION           = VERSION
  }
}
