#!/usr/bin/env python3
"""Decodes a captured export with OpenTelemetry's own messages: whether our part of its protocol has the
right numbers. otlp_export.hex is what a process sends; reporting_test holds the two together."""
import pathlib
import sys

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
faults = []


def expect(what, got, wanted):
    if got != wanted:
        faults.append(f"{what} is {got!r}, not {wanted!r}")


def plain(attributes):
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}


def expect_no_unknown(message, where):
    for field in UnknownFieldSet(message):
        faults.append(f"{where} has field {field.field_number}, which OpenTelemetry does not know")
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        repeated = not hasattr(value, "ListFields")
        for child in value if repeated else [value]:
            expect_no_unknown(child, f"{where}.{descriptor.name}")


captured = pathlib.Path(__file__).with_name("otlp_export.hex").read_text()
try:
    request = ExportTraceServiceRequest.FromString(bytes.fromhex("".join(captured.split())))
except DecodeError as error:
    sys.exit(f"otlp_export.hex: OpenTelemetry's own messages do not hold it: {error}")
expect_no_unknown(request, "the request")

expect("number of resources", len(request.resource_spans), 1)
process = request.resource_spans[0]
expect("the resource", plain(process.resource.attributes), {
    "service.namespace": "kasbah",
    "service.name": "kasbah-vault",
    "service.version": "0.1.0",
    "service.instance.id": "0190163d-8694-739b-aea5-966c26f8ad91",
    "deployment.environment.name": "staging",
})
expect("the scope", process.scope_spans[0].scope.name, "kasbah.rpc")
failed, refused = process.scope_spans[0].spans
expect("the trace id", failed.trace_id.hex(), TRACE)
expect("the span id", failed.span_id.hex(), "00f067aa0ba902b7")
expect("the parent", failed.parent_span_id.hex(), "53995c3f42cd8ad8")
expect("the flags", failed.flags, 0x301)
expect("the name", failed.name, "kasbah.vault.v1.SecretService/AddSecretVersion")
expect("the kind", failed.kind, Span.SPAN_KIND_SERVER)
expect("the start", failed.start_time_unix_nano, 1_790_000_000_000_000_001)
expect("the end", failed.end_time_unix_nano, 1_790_000_000_004_000_000)
expect("the status", failed.status.code, Status.STATUS_CODE_ERROR)
expect("the attributes", plain(failed.attributes), {
    "rpc.system": "grpc",
    "rpc.service": "kasbah.vault.v1.SecretService",
    "rpc.method": "AddSecretVersion",
    "rpc.grpc.status_code": 14,
    "error.type": "UNAVAILABLE",
    "kasbah.reason": "DATABASE_UNAVAILABLE",
    "kasbah.workload": "service/tenant-data",
    "kasbah.tenant": "ten_01h455vb4pex5vsknk084sn02q",
})
expect("a root's parent", refused.parent_span_id, b"")
expect("a refusal's status", refused.status.code, Status.STATUS_CODE_UNSET)

for fault in faults:
    print(f"otlp_export.hex: {fault}")
sys.exit(1 if faults else 0)
