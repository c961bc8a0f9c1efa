# What the images workflow pushed, as the chart's values: one registry, a digest for each process.
{
  image: {
    registry: (first.repository | sub("/[^/]+$"; "")),
    digests: (map({key: .name, value: .digest}) | from_entries)
  }
}
