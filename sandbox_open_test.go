package proconnect_test

import (
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// One line tells where the sandbox can be opened: each of its sites by scheme, name
// and port, once, whatever the number of gates; and no site of a real client.
func TestSandboxSaysWhereToOpenIt(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, caddytest.Sandbox+"\n"+strings.Replace(p.Option(), "proconnect {", "proconnect real {", 1)+"\n local_certs", `
http://localhost:{$PORT} {
	proconnect {
		allow any
	}
	proconnect /admin/* {
		allow roles agent_public
	}
	respond inside
}
http://[::1]:{$PORT}, https://docs.localhost:{$TLS_PORT} {
	proconnect {
		allow any
	}
	respond inside
}
http://:{$PORT} {
	proconnect {
		allow any
		origin http://other.localhost:{$PORT}
	}
	respond inside
}
http://real.localhost:{$PORT} {
	proconnect {
		client real
		allow any
	}
	respond inside
}`)
	s.Secure("docs.localhost") // else its certificate is written while the directory goes
	var lines []string
	for line := range strings.Lines(s.Logs()) {
		if strings.Contains(line, `"msg":"open `) {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 {
		t.Fatalf("want one line, got %q", lines)
	}
	_, told, _ := strings.Cut(lines[0], `"msg":"open `)
	told, _, _ = strings.Cut(told, `"`)
	want := s.Fill("http://localhost:{$PORT} http://[::1]:{$PORT} http://other.localhost:{$PORT} https://docs.localhost:{$TLS_PORT}")
	got := strings.Split(told, " or ")
	for _, address := range strings.Fields(want) {
		if n := count(got, address); n != 1 {
			t.Errorf("%s is told %d times in %q", address, n, told)
		}
	}
	if len(got) != 4 {
		t.Errorf("got %q, want %q", told, want)
	}
}

func count(list []string, wanted string) (n int) {
	for _, s := range list {
		if s == wanted {
			n++
		}
	}
	return n
}
