package proconnect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/spf13/cobra"

	"github.com/caddy-proconnect/caddy-proconnect/internal/envfile"
)

// configFlags are those of the commands that read a configuration, as `caddy run` has
// them.
func configFlags(c *cobra.Command) {
	c.Flags().StringP("config", "c", "", "Configuration file (default ./Caddyfile; - is stdin)")
	c.Flags().StringP("adapter", "a", "", "Config adapter of the file (default by its name)")
	c.Flags().StringSlice("envfile", nil, "File with environment variables; repeatable")
	c.Flags().Bool("json", false, "Print a JSON document")
	_ = c.MarkFlagFilename("config")
	_ = c.MarkFlagFilename("envfile")
}

// configuration is what an operator wrote, as Caddy's JSON.
type configuration struct {
	file     string // empty if it was read from standard input
	json     []byte
	warnings []caddyconfig.Warning // of the adapter
}

// invalidError is the error of a configuration that could be read, and is wrong.
type invalidError struct{ error }

// readConfiguration reads the configuration that the flags name. What it finds wrong in
// it is an invalidError.
func readConfiguration(c *cobra.Command) (*configuration, error) {
	files, _ := c.Flags().GetStringSlice("envfile")
	for _, path := range files {
		if err := envfile.Load(path); err != nil {
			return nil, fmt.Errorf("--envfile: %w", err)
		}
	}
	file, _ := c.Flags().GetString("config")
	adapter, _ := c.Flags().GetString("adapter")
	text, file, err := readConfigFile(file, c.InOrStdin())
	if err != nil {
		return nil, err
	}
	if adapter == "" && isCaddyfile(file) {
		adapter = "caddyfile"
	}
	if adapter == "" {
		return unadapted(file, text)
	}
	return adapted(adapter, file, text)
}

func readConfigFile(file string, stdin io.Reader) (text []byte, name string, err error) {
	switch file {
	case "-":
		text, err = io.ReadAll(stdin)
		return text, "", err
	case "":
		text, err = os.ReadFile("Caddyfile")
		if errors.Is(err, fs.ErrNotExist) {
			return nil, "", errors.New("no configuration: there is no Caddyfile in this directory: name one with --config")
		}
		return text, "Caddyfile", err
	}
	text, err = os.ReadFile(file)
	return text, file, err
}

// isCaddyfile knows a Caddyfile by its name, as Caddy does.
func isCaddyfile(file string) bool {
	base := strings.ToLower(filepath.Base(file))
	return filepath.Ext(base) != ".json" && (strings.HasPrefix(base, "caddyfile") || strings.HasSuffix(base, ".caddyfile"))
}

func unadapted(file string, text []byte) (*configuration, error) {
	if err := json.Unmarshal(text, new(any)); err != nil {
		return nil, invalidError{fmt.Errorf("the configuration is not JSON: %w; say --adapter caddyfile if it is a Caddyfile", err)}
	}
	return &configuration{file: file, json: text}, nil
}

func adapted(name, file string, text []byte) (*configuration, error) {
	adapter := caddyconfig.GetAdapter(name)
	if adapter == nil {
		return nil, fmt.Errorf("--adapter %q: this Caddy has no such adapter", name)
	}
	config, warnings, err := adapter.Adapt(text, map[string]any{"filename": file})
	if err != nil {
		return nil, invalidError{err}
	}
	// That it is not formatted says nothing of who enters.
	warnings = slices.DeleteFunc(warnings, func(w caddyconfig.Warning) bool { return strings.Contains(w.Message, "not formatted") })
	return &configuration{file, config, warnings}, nil
}
