// A Terraform provider that has the AWS provider's schema and nothing else: enough for
// `terraform validate`, and for `terraform test`, whose mocks only ask a provider what its types are. It
// reads the schema from the file that KASBAH_TERRAFORM_SCHEMA names (extract.py writes it), reaches no
// network, and refuses whatever a mock would not ask.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type attribute struct {
	Name      string          `json:"name"`
	Type      json.RawMessage `json:"type"`
	Computed  bool            `json:"computed"`
	Optional  bool            `json:"optional"`
	Required  bool            `json:"required"`
	WriteOnly bool            `json:"write_only"`
}

type nested struct {
	Name    string `json:"name"`
	Nesting string `json:"nesting"`
	Min     int64  `json:"min"`
	Max     int64  `json:"max"`
	Block   block  `json:"block"`
}

type block struct {
	Attributes []attribute `json:"attributes"`
	Blocks     []nested    `json:"blocks"`
}

var nestings = map[string]tfprotov5.SchemaNestedBlockNestingMode{
	"list":   tfprotov5.SchemaNestedBlockNestingModeList,
	"set":    tfprotov5.SchemaNestedBlockNestingModeSet,
	"map":    tfprotov5.SchemaNestedBlockNestingModeMap,
	"single": tfprotov5.SchemaNestedBlockNestingModeSingle,
}

func schemaBlock(from block) (*tfprotov5.SchemaBlock, error) {
	to := &tfprotov5.SchemaBlock{}
	for _, a := range from.Attributes {
		typ, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck // the only parser there is
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		to.Attributes = append(to.Attributes, &tfprotov5.SchemaAttribute{
			Name: a.Name, Type: typ, Computed: a.Computed, Optional: a.Optional, Required: a.Required,
			WriteOnly: a.WriteOnly,
		})
	}
	for _, n := range from.Blocks {
		inner, err := schemaBlock(n.Block)
		if err != nil {
			return nil, fmt.Errorf("%s.%w", n.Name, err)
		}
		to.BlockTypes = append(to.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: n.Name, Nesting: nestings[n.Nesting], MinItems: n.Min, MaxItems: n.Max, Block: inner,
		})
	}
	return to, nil
}

func schemas(from map[string]block) (map[string]*tfprotov5.Schema, error) {
	to := map[string]*tfprotov5.Schema{}
	for name, b := range from {
		inner, err := schemaBlock(b)
		if err != nil {
			return nil, fmt.Errorf("%s.%w", name, err)
		}
		to[name] = &tfprotov5.Schema{Block: inner}
	}
	return to, nil
}

// The provider's own settings that the environments use.
var settings = &tfprotov5.Schema{Block: &tfprotov5.SchemaBlock{
	Attributes: []*tfprotov5.SchemaAttribute{
		{Name: "region", Type: tftypes.String, Optional: true},
		{Name: "allowed_account_ids", Type: tftypes.Set{ElementType: tftypes.String}, Optional: true},
	},
	BlockTypes: []*tfprotov5.SchemaNestedBlock{{
		TypeName: "default_tags", Nesting: tfprotov5.SchemaNestedBlockNestingModeList, MaxItems: 1,
		Block: &tfprotov5.SchemaBlock{Attributes: []*tfprotov5.SchemaAttribute{
			{Name: "tags", Type: tftypes.Map{ElementType: tftypes.String}, Optional: true},
		}},
	}},
}}

// Everything that is not overridden below panics by the nil interface: nothing calls it.
type server struct {
	tfprotov5.ProviderServer
	schema *tfprotov5.GetProviderSchemaResponse
}

func (s server) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	response := &tfprotov5.GetMetadataResponse{ServerCapabilities: s.schema.ServerCapabilities}
	for name := range s.schema.ResourceSchemas {
		response.Resources = append(response.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	for name := range s.schema.DataSourceSchemas {
		response.DataSources = append(response.DataSources, tfprotov5.DataSourceMetadata{TypeName: name})
	}
	for name := range s.schema.EphemeralResourceSchemas {
		response.EphemeralResources = append(response.EphemeralResources, tfprotov5.EphemeralResourceMetadata{TypeName: name})
	}
	return response, nil
}

func (s server) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return s.schema, nil
}

func (s server) PrepareProviderConfig(_ context.Context, request *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (s server) ValidateResourceTypeConfig(context.Context, *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	return &tfprotov5.ValidateResourceTypeConfigResponse{}, nil
}

func (s server) ValidateDataSourceConfig(context.Context, *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	return &tfprotov5.ValidateDataSourceConfigResponse{}, nil
}

func (s server) ValidateEphemeralResourceConfig(context.Context, *tfprotov5.ValidateEphemeralResourceConfigRequest) (*tfprotov5.ValidateEphemeralResourceConfigResponse, error) {
	return &tfprotov5.ValidateEphemeralResourceConfigResponse{}, nil
}

func (s server) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{Diagnostics: []*tfprotov5.Diagnostic{{
		Severity: tfprotov5.DiagnosticSeverityError,
		Summary:  "Only the schema is here",
		Detail:   "This test does not mock the AWS provider, which is not installed.",
	}}}, nil
}

func (s server) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func load(path string) (*tfprotov5.GetProviderSchemaResponse, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file map[string]map[string]block
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	response := &tfprotov5.GetProviderSchemaResponse{
		Provider:           settings,
		ServerCapabilities: &tfprotov5.ServerCapabilities{GetProviderSchemaOptional: true},
	}
	for kind, to := range map[string]*map[string]*tfprotov5.Schema{
		"resource": &response.ResourceSchemas, "data": &response.DataSourceSchemas,
		"ephemeral": &response.EphemeralResourceSchemas,
	} {
		if *to, err = schemas(file[kind]); err != nil {
			return nil, fmt.Errorf("%s %w", kind, err)
		}
	}
	return response, nil
}

func main() {
	schema, err := load(os.Getenv("KASBAH_TERRAFORM_SCHEMA"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "the AWS provider's schema:", err)
		os.Exit(1)
	}
	err = tf5server.Serve("registry.terraform.io/hashicorp/aws", func() tfprotov5.ProviderServer {
		return server{schema: schema}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
