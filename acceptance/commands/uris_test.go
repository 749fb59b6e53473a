package commands

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

const productionClient = `{
	proconnect {
		environment production
		client_id an-id
		client_secret {env.SECRET}
	}
}
`

// What must be registered is what a login and a logout send, letter by letter, whatever
// moves the endpoints: a port, origin, path, callback_path.
func TestURIsAreThoseThatAreSent(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", productionClient+`
docs.example.gouv.fr, www.example.gouv.fr:8443 {
	proconnect {
		allow any
	}
}
http://inside.example.gouv.fr:8080 {
	proconnect {
		allow any
		origin https://outside.example.gouv.fr
		callback_path /cb
		logged_out_path /bye
	}
	@a path /a /a/*
	proconnect @a {
		allow mfa
		origin https://outside.example.gouv.fr
		path /a/.proconnect
	}
}
`)
	var got struct {
		Clients []struct {
			Sites []struct {
				RedirectURIs           []string `json:"redirect_uris"`
				PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris"`
			}
		}
	}
	a := s.proconnect("uris", "--json").want(t, 0)
	if err := json.Unmarshal([]byte(a.out), &got); err != nil {
		t.Fatalf("%v\n%s", err, a.out)
	}
	var uris []string
	for _, site := range got.Clients[0].Sites {
		uris = append(uris, slices.Concat(site.RedirectURIs, site.PostLogoutRedirectURIs)...)
	}
	want := []string{
		"https://docs.example.gouv.fr/.proconnect/callback", "https://docs.example.gouv.fr/.proconnect/logged-out",
		"https://outside.example.gouv.fr/cb", "https://outside.example.gouv.fr/a/.proconnect/callback",
		"https://outside.example.gouv.fr/bye", "https://outside.example.gouv.fr/a/.proconnect/logged-out",
		"https://www.example.gouv.fr:8443/.proconnect/callback", "https://www.example.gouv.fr:8443/.proconnect/logged-out",
	}
	if !slices.Equal(uris, want) {
		t.Errorf("got\n%s", strings.Join(uris, "\n"))
	}
	text := s.proconnect("uris").want(t, 0).out
	fits(t, text)
	for _, uri := range want {
		if !strings.Contains(text, "      "+uri+"\n") {
			t.Errorf("%s does not stand alone on a line of\n%s", uri, text)
		}
	}
}

// With callback_origin one host answers for all sites, and its two addresses are all that
// is registered.
func TestURIsOfCallbackOrigin(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", strings.Replace(productionClient, "an-id", "an-id\n\t\tcallback_origin https://login.example.gouv.fr", 1)+`
login.example.gouv.fr {
	proconnect {
		allow any
		callback_path /cb
	}
}
*.preview.example.gouv.fr {
	proconnect {
		allow any
	}
	reverse_proxy localhost:3000
}
`)
	a := s.proconnect("uris").want(t, 0)
	if got := strings.Count(a.out, "https://"); got != 3 || !strings.Contains(a.out, "      https://login.example.gouv.fr/cb\n") {
		t.Errorf("%d addresses:\n%s", got, a.out)
	}
}

// Where there is nothing to tell, or the configuration does not load, the command says so
// and does not print an empty answer.
func TestURIsNeedAConfigurationThatLoads(t *testing.T) {
	for name, c := range map[string]struct{ config, want string }{
		"none":          {"", "there is no Caddyfile in this directory"},
		"no client":     {"example.fr {\n\trespond hi\n}\n", "no ProConnect client is configured"},
		"unset secret":  {productionClient, "{env.SECRET} is not set"},
		"a wrong gate":  {strings.Replace(productionClient, "{env.SECRET}", "sesame", 1) + "example.fr {\n\tproconnect {\n\t\tallow siren 1\n\t}\n}\n", "siren"},
		"not adaptable": {"example.fr {\n\tproconect\n}\n", "Caddyfile:2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			if c.config != "" {
				s.write("Caddyfile", c.config)
			}
			a := s.proconnect("uris").want(t, 2)
			if a.out != "" || !strings.Contains(strings.Join(strings.Fields(a.err), " "), c.want) {
				t.Errorf("printed %q and %q, want %q", a.out, a.err, c.want)
			}
		})
	}
}

// A variable of --envfile is there, and does not replace one that the process was given.
func TestEnvfile(t *testing.T) {
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", strings.Replace(productionClient, "an-id", "{env.ID}", 1)+"example.fr {\n\tproconnect {\n\t\tallow any\n\t}\n}\n")
	s.write("env", "ID=from-the-file\nSECRET=\n")
	a := s.proconnect("uris", "--envfile", "env").want(t, 0)
	if !strings.Contains(a.out, "client_id from-the-file") {
		t.Error(a.out)
	}
	s.proconnect("uris", "--envfile", "nowhere").want(t, 2)
}

// When Caddy starts, the log says what must be registered, as the command does.
func TestStartNamesTheAddresses(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), "http://localhost:{$PORT} {\nproconnect {\nallow any\n}\n}\n")
	line := s.Line("must be registered at ProConnect")
	for _, uri := range []string{"/.proconnect/callback", "/.proconnect/logged-out"} {
		if want := `"http://localhost:` + s.Port + uri + `"`; !strings.Contains(line, want) {
			t.Errorf("want %s in %s", want, line)
		}
	}
	if !strings.Contains(line, "where a proxy in front ends TLS") {
		t.Errorf("what the addresses rest on is not said: %s", line)
	}
}

// What the configuration alone does not tell of an address is said beside it.
func TestURIsThatAProxyMayChange(t *testing.T) {
	for name, c := range map[string]struct{ site, note string }{
		"plain http":        {"http://docs.example.gouv.fr:8080", "a proxy in front ends TLS at port 443"},
		"of this machine":   {"http://docs.localhost:8080", "people come to an https address at its port"},
		"TLS":               {"https://docs.localhost:8443", ""},
		"with origin":       {"http://docs.example.gouv.fr:8081", ""},
		"here, with origin": {"http://docs.localhost:8081", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, "SECRET=a-secret-of-some-length")
			origin := ""
			if strings.HasSuffix(c.site, "8081") {
				origin = "\t\torigin https://docs.example.gouv.fr:8443\n"
			}
			s.write("Caddyfile", productionClient+c.site+" {\n\tproconnect {\n\t\tallow any\n"+origin+"\t}\n}\n")
			text := strings.Join(strings.Fields(s.proconnect("uris").want(t, 0).out), " ")
			if noted := strings.Contains(text, " set origin"); noted != (c.note != "") || !strings.Contains(text, c.note) {
				t.Errorf("got %s", text)
			}
		})
	}
}
