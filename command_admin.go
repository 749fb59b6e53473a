package proconnect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// adminFlags are those of the commands that ask the Caddy that runs.
func adminFlags(c *cobra.Command) {
	configFlags(c)
	c.Flags().String("address", "", "Admin endpoint (default that of the configuration)")
}

// revokeCommand ends the sessions of somebody.
func revokeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "revoke <field> [<value>] [--client <name>] [--storage]",
		Short: "Ends the sessions of everybody of whom a field has a value",
		Long: `
Has the Caddy that runs end the sessions of everybody of whom a field (sub,
email, siret, siren or idp_id) has a value: on this node at once, on others that
share its storage within seconds.

Without a value, it is read from standard input, so that it is in no shell
history and in no list of processes. It ends sessions; whom the rules still
admit logs in again: first have a deny refuse them.

With --storage no Caddy is asked: it is written into the storage that the
configuration names, where all nodes see it within seconds. Run as root, it is
written as the user whom the folder belongs to, so that Caddy can read it.

It exits with 0 if it is done, and with 2 if it was refused or could not be
stored; asked of a Caddy, it then holds on that node alone.`,
		Example: `  tail -n 1 /etc/caddy/blocked.txt | caddy proconnect revoke email
  caddy proconnect revoke siren 130025265 --storage -c /etc/caddy/Caddyfile`,
	}
	adminFlags(c)
	endFlags(c)
	return runsOn(c, 2, func(c *cobra.Command, args []string) (int, error) {
		if len(args) == 0 {
			return exitFailed, errors.New("say which field: sub, email, siret, siren or idp_id")
		}
		value, err := revokedValue(c, args[1:])
		if err != nil {
			return exitFailed, err
		}
		return endSessions(c, "/proconnect/revoke", (*App).revoke, adminRequest{Field: args[0], Value: value})
	})
}

// endFlags are those of the commands that end sessions.
func endFlags(c *cobra.Command) {
	c.Flags().String("client", "", "Of this client alone (default all)")
	storageFlag(c)
}

// revokedValue is the value of the arguments, or the one line of standard input.
func revokedValue(c *cobra.Command, args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	if config, _ := c.Flags().GetString("config"); config == "-" {
		return "", errors.New("the value and --config cannot both be read from standard input")
	}
	text, err := io.ReadAll(io.LimitReader(c.InOrStdin(), maxAdminBody))
	value := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", err
	case value == "" || strings.ContainsAny(value, "\r\n"):
		return "", errors.New("standard input: want one line with the value")
	}
	return value, nil
}

// rotateCommand ends all sessions.
func rotateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate [--client <name>] [--storage]",
		Short: "Ends all sessions, and replaces the keys that seal them",
		Long: `
Has the Caddy that runs end the sessions of everybody, on all nodes that share
its storage, and replace the keys that seal them where they are Caddy's own.
Those that the configuration names (session { secret … }) are the operator's.

With --storage no Caddy is asked: it is written into the storage that the
configuration names, where all nodes see it within seconds. Run as root, it is
written as the user whom the folder belongs to, so that Caddy can read it.

It exits with 0 if it is done, and with 2 if it was refused or could not be
stored; asked of a Caddy, it then holds on that node alone.`,
		Example: `  caddy proconnect rotate --config /etc/caddy/Caddyfile
  caddy proconnect rotate --client partners --storage`,
	}
	adminFlags(c)
	endFlags(c)
	return runs(c, func(c *cobra.Command) (int, error) {
		return endSessions(c, "/proconnect/rotate", (*App).rotate, adminRequest{})
	})
}

// endSessions has Caddy end sessions, or the storage tell it to, and says of which clients
// it was done.
func endSessions(c *cobra.Command, path string, act func(*App, adminRequest, string) (ended, error), req adminRequest) (int, error) {
	req.Client, _ = c.Flags().GetString("client")
	var done ended
	var err error
	if stored, _ := c.Flags().GetBool("storage"); stored {
		done, err = throughStorage(c, req, act)
	} else {
		done, err = throughAdmin(c, path, req)
	}
	if err != nil {
		return exitFailed, err
	}
	return tell(c, exitFine, done, func(w io.Writer) {
		printWrapped(w, "sessions ended: client "+strings.Join(done.Clients, ", "), "  ")
	})
}

// throughAdmin asks the admin endpoint. What is meant travels in the body: Caddy logs
// addresses.
func throughAdmin(c *cobra.Command, path string, req adminRequest) (done ended, err error) {
	body, err := json.Marshal(req)
	if err != nil {
		return done, err
	}
	_, err = askAdmin(c, http.MethodPost, path, bytes.NewReader(body), &done)
	return done, err
}

// askAdmin asks the admin endpoint: the one that is named, else that of the configuration.
func askAdmin(c *cobra.Command, method, path string, body io.Reader, into any) ([]byte, error) {
	address, err := adminAddress(c)
	if err != nil {
		return nil, err
	}
	resp, err := caddycmd.AdminAPIRequest(address, method, path, nil, body)
	if err != nil {
		return nil, fmt.Errorf("admin endpoint %s: %w%s", address, err, withoutEndpoint(c, err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return nil, fmt.Errorf("the admin endpoint: %w", err)
	}
	return answer, nil
}

// withoutEndpoint says what to do where nobody answers.
func withoutEndpoint(c *cobra.Command, err error) string {
	if !strings.Contains(err.Error(), "performing request") { // Caddy wraps no error there
		return ""
	}
	hint := ": does Caddy run, and is this its admin endpoint? name its configuration with --config, or the endpoint with --address"
	if c.Flags().Lookup("storage") == nil {
		return hint
	}
	return hint + "; where Caddy has no admin endpoint, or does not run: --storage"
}

// adminAddress is where the admin endpoint listens. Without a configuration it is Caddy's
// default.
func adminAddress(c *cobra.Command) (string, error) {
	if address, _ := c.Flags().GetString("address"); address != "" {
		return address, nil
	}
	if file, _ := c.Flags().GetString("config"); file == "" {
		if _, err := os.Stat("Caddyfile"); errors.Is(err, fs.ErrNotExist) {
			return caddycmd.DetermineAdminAPIAddress("", nil, "", "")
		}
	}
	config, err := readConfiguration(c)
	if err != nil {
		return "", err
	}
	return caddycmd.DetermineAdminAPIAddress("", config.json, "-", "")
}
