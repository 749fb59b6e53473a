// Command caddy is Caddy with this plugin and the storages of the tests.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-proconnect/caddy-proconnect"
	_ "github.com/caddy-proconnect/caddy-proconnect/e2e/storage"
)

func main() {
	caddycmd.Main()
}
