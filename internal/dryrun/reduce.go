// Package dryrun makes of a configuration one that can be provisioned beside the Caddy
// that runs it, by whom does not matter, and that leaves nothing behind.
//
// Provisioned as it is, a configuration opens log files, makes the keys of certificate
// authorities and takes over the process's log; run as root it would leave files that
// Caddy cannot write. What remains here is what decides who meets which gate: the
// clients, the servers' routes with Caddy's own matchers, and the handlers that steer.
// Each other handler has a [StandIn] in its place.
package dryrun

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
)

// object is a JSON object of which only some fields matter.
type object map[string]json.RawMessage

// Of an object nothing stays but some fields.
func (o object) keep(fields ...string) {
	maps.DeleteFunc(o, func(name string, _ json.RawMessage) bool { return !slices.Contains(fields, name) })
}

// set puts a value into a field.
func (o object) set(name string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // a value of ours
	}
	o[name] = raw
}

// change reads a field, has it changed, and puts it back. One that is not there stays away.
func change[T any](o object, name string, by func(*T) error) error {
	raw, ok := o[name]
	if !ok || string(raw) == "null" {
		return nil
	}
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := by(&v); err != nil {
		return err
	}
	o.set(name, v)
	return nil
}

// Reduce reduces a configuration. storage is a folder that need not be there: nothing is
// written, and if something were, it would be there and not in the operator's. Without
// one, the operator's stays: for a command that writes to it.
func Reduce(config []byte, storage string) (*caddy.Config, error) {
	whole := object{}
	if err := json.Unmarshal(config, &whole); err != nil {
		return nil, fmt.Errorf("the configuration: %w", err)
	}
	whole.keep("apps", "storage")
	err := change(whole, "apps", func(apps *object) error {
		apps.keep("http", "proconnect")
		return change(*apps, "http", reduceHTTP)
	})
	if err != nil {
		return nil, err
	}
	if storage != "" {
		whole.set("storage", map[string]string{"module": "file_system", "root": storage})
	}
	// The default log stays where it is, on standard error, and has nothing to say: what
	// is told of a configuration is gathered from the plugin itself.
	whole.set("logging", map[string]any{"logs": map[string]any{"default": map[string]string{"level": "FATAL"}}})
	reduced, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	c := new(caddy.Config)
	return c, caddy.StrictUnmarshalJSON(reduced, c)
}

func reduceHTTP(http *object) error {
	http.keep("http_port", "https_port", "servers")
	return change(*http, "servers", func(servers *map[string]object) error {
		for name, server := range *servers {
			if err := reduceServer(server); err != nil {
				return fmt.Errorf("server %s: %w", name, err)
			}
		}
		return nil
	})
}

func reduceServer(server object) error {
	server.keep("listen", "routes", "errors", "named_routes", "automatic_https", "tls_connection_policies",
		"trusted_proxies", "trusted_proxies_strict", "client_ip_headers")
	reduceTLS(server)
	reduceProxies(server)
	return errors.Join(
		change(server, "routes", reduceRoutes),
		change(server, "errors", func(errors *object) error { return change(*errors, "routes", reduceRoutes) }),
		change(server, "named_routes", func(named *map[string]object) error {
			for name, route := range *named {
				if err := reduceRoute(route); err != nil {
					return fmt.Errorf("named route %s: %w", name, err)
				}
			}
			return nil
		}),
	)
}

// reduceTLS leaves of TLS only that there is some. A policy's trust pool may be Caddy's
// own authority, whose keys would be made; a certificate would be asked for.
func reduceTLS(server object) {
	var policies []object
	if json.Unmarshal(server["tls_connection_policies"], &policies) == nil && len(policies) > 0 {
		server.set("tls_connection_policies", []object{{}})
	}
	automatic := object{}
	_ = json.Unmarshal(server["automatic_https"], &automatic) // what it cannot read Caddy refuses
	automatic.set("disable_certificates", true)
	server.set("automatic_https", automatic)
}

// reduceProxies leaves the trusted proxies that are written out: other sources ask the
// network. No request of ours comes from a proxy.
func reduceProxies(server object) {
	var source struct {
		Source string `json:"source"`
	}
	if json.Unmarshal(server["trusted_proxies"], &source) == nil && source.Source != "" && source.Source != "static" {
		server.set("trusted_proxies", map[string]any{"source": "static", "ranges": []string{}})
	}
}

func reduceRoutes(routes *[]object) error {
	for i, route := range *routes {
		if err := reduceRoute(route); err != nil {
			return fmt.Errorf("route %d: %w", i, err)
		}
	}
	return nil
}

func reduceRoute(route object) error {
	return change(route, "handle", func(handlers *[]json.RawMessage) error {
		for i, raw := range *handlers {
			reduced, err := reduceHandler(raw)
			if err != nil {
				return err
			}
			(*handlers)[i] = reduced
		}
		return nil
	})
}

// steering are the handlers that decide which gate a request meets, or what it looks like
// there. They keep to themselves.
var steering = []string{"proconnect", "invoke", "rewrite", "vars", "map", "headers", "error", "static_response"}

func reduceHandler(raw json.RawMessage) (json.RawMessage, error) {
	handler := object{}
	if err := json.Unmarshal(raw, &handler); err != nil {
		return nil, fmt.Errorf("a handler: %w", err)
	}
	var name string
	_ = json.Unmarshal(handler["handler"], &name) // Caddy refuses one without a name
	switch {
	case slices.Contains(steering, name):
		return raw, nil
	case name == "subroute":
		err := errors.Join(
			change(handler, "routes", reduceRoutes),
			change(handler, "errors", func(errors *object) error { return change(*errors, "routes", reduceRoutes) }),
		)
		if err != nil {
			return nil, err
		}
		return json.Marshal(handler)
	}
	if err := checkHandler(name, handler); err != nil {
		return nil, err
	}
	return json.Marshal(layout.Replaced{Handler: layout.StandIn, For: raw})
}

// checkHandler refuses what Caddy would refuse of a handler before provisioning it.
func checkHandler(name string, handler object) error {
	info, err := caddy.GetModule("http.handlers." + name)
	if err != nil {
		return fmt.Errorf("handler %q is unknown: is this Caddy built with the plugin that has it?", name)
	}
	delete(handler, "handler") // the rest are its options
	raw, err := json.Marshal(handler)
	if err != nil {
		return err
	}
	if err := caddy.StrictUnmarshalJSON(raw, info.New()); err != nil {
		return fmt.Errorf("handler %s: %w", name, err)
	}
	return nil
}
