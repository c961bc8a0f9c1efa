#!/usr/bin/env python3
"""pack.py <wheel> <package.zip>: keeps of the package what extract.py reads, where it is found quickly."""
import io
import json
import sys
import tarfile
import zipfile

wheel = zipfile.ZipFile(sys.argv[1])
inner = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as package, \
     zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
    for member in package:
        name = member.name.removeprefix("package/")
        if name == "package.json":
            about = json.load(package.extractfile(member))
            out.writestr("version", about["cdktf"]["provider"]["version"])
        elif name.startswith("lib/") and name.endswith(("/index.js", "/index.d.ts")):
            out.writestr(name, package.extractfile(member).read())
