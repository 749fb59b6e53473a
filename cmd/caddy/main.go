// Command caddy is Caddy with its standard modules and this plugin: what
// xcaddy would generate, kept here so that one go run shows the whole journey.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-proconnect/caddy-proconnect"
)

func main() {
	caddycmd.Main()
}
