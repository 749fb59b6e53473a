package proconnect

import (
	"errors"
	"io/fs"
	"os"
	"regexp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
)

// unreplaced knows a variable that nothing replaced: the shell's way of naming one, or a
// placeholder without its end.
var unreplaced = regexp.MustCompile(`^\$\{?[A-Za-z_][A-Za-z0-9_]*\}?$|^\{\$?[A-Za-z_.]|^%[A-Za-z_][A-Za-z0-9_]*%$`)

// checkSecret refuses a client_secret that is the name of a variable, as it is in
// the configuration: ProConnect would refuse every login. It repeats nothing of it; it
// may be a secret all the same.
func checkSecret(written string) error {
	if !literal(written) || !unreplaced.MatchString(written) {
		return nil
	}
	return errors.New("client_secret: a variable that nothing replaced? want {env.NAME} or {file./path}; a secret that looks like one goes into such a variable or file")
}

// unreadable says why a file gives no value, and which user may not read it.
func unreadable(path string) string {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return ": " + listfile.Reason(err).Error()
	}
	if err == nil {
		f.Close()
	}
	return " is not there, not readable for Caddy, or empty"
}
