// Command caddy is Caddy with the ProConnect gate, as a platform's Go buildpack builds
// it: into bin/caddy, for that is how go.mod ends.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-proconnect/caddy-proconnect"
	// For STORAGE=redis: _ "github.com/pberkel/caddy-storage-redis"
)

func main() { caddycmd.Main() }
