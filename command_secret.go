package proconnect

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// secretCommand makes a key that seals sessions.
func secretCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secret [--json]",
		Short: "Makes a key for session { secret … }",
		Long: `
Prints a new random key that seals session cookies, for several nodes without a
common storage. Nothing keeps it: put it where the nodes read it, and name that
place in the configuration, not the key itself.

  {
      proconnect {
          session {
              secret {file./etc/caddy/session-key}
          }
      }
  }

To change keys without logging people out, put the new key first and leave the
old one behind it for the lifetime of sessions: the first seals, all open.

It exits with 0.`,
		Example: `  caddy proconnect secret |
      sudo install -m 640 -g caddy /dev/stdin /etc/caddy/session-key`,
	}
	c.Flags().Bool("json", false, "Print a JSON document")
	return runs(c, func(c *cobra.Command) (int, error) {
		key := make([]byte, 32)
		rand.Read(key) // never fails: crypto/rand ends the program instead
		secret := base64.StdEncoding.EncodeToString(key)
		return tell(c, exitFine, map[string]string{"secret": secret}, func(w io.Writer) { fmt.Fprintln(w, secret) })
	})
}
