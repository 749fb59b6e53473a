package proconnect_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

func init() { caddy.RegisterModule(unknownMatcher{}) }

// unknownMatcher is somebody else's.
type unknownMatcher struct{}

func (unknownMatcher) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.matchers.proconnect_test_unknown", New: func() caddy.Module { return new(unknownMatcher) }}
}

func (unknownMatcher) UnmarshalCaddyfile(*caddyfile.Dispenser) error { return nil }

func (unknownMatcher) MatchWithError(*http.Request) (bool, error) { return false, nil }

// What a matcher reads where the gate cannot change it is an error that says what
// to write.
//
// The case: "gate matchers that read placeholders: `expression {path}…`, `vars_regexp
// {http.request.uri.path}`; `path_regexp` and case".
func TestGateMatchersThatCannotBeRead(t *testing.T) {
	for matcher, want := range map[string]string{
		"expression {http.request.orig_uri.path}.startsWith('/admin')":  "write `path /admin /admin/*` instead",
		"vars_regexp {http.request.orig_uri.path} ^/admin":              "write `path /admin /admin/*` instead",
		"vars {http.request.orig_uri} /admin":                           "write `path /admin /admin/*` instead",
		"not vars_regexp {http.request.orig_uri.path} ^/public/":        "write `path /admin /admin/*` instead",
		"path {http.request.orig_uri.path.0}":                           "write `path /admin /admin/*` instead",
		"file {http.request.orig_uri.path}":                             "write `path /admin /admin/*` instead",
		"expression {method} == 'DELETE'":                               "write `method POST` instead",
		"vars {method} DELETE":                                          "write `method POST` instead",
		"vars {http.request.orig_method} DELETE":                        "write `method POST` instead",
		"expression vars({'\\{http.request.orig_uri.path}': '/admin'})": "write `path /admin /admin/*` instead",
		"expression ph(req, 'http.request.' + 'orig_uri') == '/admin'":  "write the name",
	} {
		s := caddytest.New(t)
		config, err := s.TryAdapt(caddytest.Sandbox, "http://localhost:{$PORT} {\n @a {\n  "+matcher+"\n }\n proconnect @a {\n  allow any\n }\n}")
		if err == nil {
			err = caddy.Load(config, true)
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "localhost") {
			t.Errorf("%s: got %v, want %s", matcher, err, want)
		}
	}
}

// What may not be meant is told once, with what to write instead.
func TestGateMatcherWarnings(t *testing.T) {
	const (
		chosen    = "the gate's matcher reads what the client chooses, so a stranger may choose that there is no gate: gate by `path`, or everything"
		exemption = "the gate's matcher exempts addresses by how they end, and a server may serve anything under such an address: exempt a directory, such as /assets/*"
		unknown   = "the gate does not know this matcher, and cannot see whether it reads an address as servers do: gate by `path`, or everything"
		minding   = "path_regexp minds the case inside an expression, and file systems may not: begin the pattern with (?i), or use `path`"
		below     = "the matcher gates this one address and nothing under it: name both"
		itself    = "the matcher gates what is under this address and not the address itself: name both"
	)
	for matcher, want := range map[string][]string{
		"path /admin /admin/*":                                nil,
		"path /admin/*":                                       {itself + " | path=/admin under=/admin/*"},
		"path /admin/* /x*":                                   {itself + " | path=/admin under=/admin/*"},
		"path /admin/* /adm*":                                 nil,
		"path /admin":                                         {below + " | path=/admin under=/admin/*"},
		"path /* /x/*/y/*":                                    nil,
		"not path /public/*":                                  nil,
		"not path *.css":                                      {exemption + " | matcher=not path *.css"},
		"not path /public/* *.css":                            {exemption + " | matcher=not path /public/* *.css"},
		"not path_regexp \\.css$":                             {exemption + " | matcher=not path_regexp \\.css$"},
		"not {\n not path *.css\n }":                          nil,
		"path *.pdf":                                          nil,
		"header X-Secret opensesame":                          {chosen + " | matcher=header X-Secret reads=header"},
		"not header X-Secret opensesame":                      {chosen + " | matcher=header X-Secret reads=header"},
		"header_regexp User-Agent bot":                        {chosen + " | matcher=header_regexp User-Agent reads=header"},
		"protocol http/1.1":                                   {chosen + ` | matcher=Protocol "http/1.1" reads=protocol`},
		"vars x y":                                            {chosen + ` | matcher=VarsMatcher {"x":["y"]} reads=vars`},
		"query page=admin":                                    {chosen + ` | matcher=Query {"page":["admin"]} reads=query`},
		"vars {http.request.header.X-A} y":                    {chosen + ` | matcher=VarsMatcher {"{http.request.header.X-A}":["y"]} reads={http.request.header.X-A}`},
		"expression {http.request.cookie.a} == 'y'":           {chosen + " | matcher=expression {http.request.cookie.a} == 'y' reads={http.request.cookie.a}"},
		"expression header({'X-A': 'y'})":                     {chosen + " | matcher=expression header({'X-A': 'y'}) reads=header"},
		"expression path_regexp('^/admin')":                   {minding + " | matcher=expression path_regexp('^/admin')"},
		"expression path_regexp('(?i)^/admin')":               nil,
		"expression !path('*.css')":                           {exemption + " | matcher=expression !path('*.css')"},
		"expression {path}.startsWith('/admin')":              nil,
		"path_regexp ^/admin":                                 nil,
		"host localhost\n remote_ip 127.0.0.1\n method GET":   nil,
		"proconnect_test_unknown":                             {unknown + " | matcher=*proconnect_test.unknownMatcher {}"},
		"not {\n not {\n not header X-A y\n }\n }":            {chosen + " | matcher=header X-A reads=header"},
		"expression path('/a') && {remote_host} == '1.2.3.4'": nil,
	} {
		t.Run(strings.NewReplacer("{", "(", "}", ")").Replace(matcher), func(t *testing.T) { // the name is part of the log's
			t.Setenv("PROCONNECT_CLIENT_SECRET", clientSecret)
			s := caddytest.Start(t, "proconnect {\n environment production\n client_id an-id\n client_secret {env.PROCONNECT_CLIENT_SECRET}\n}",
				"http://localhost:{$PORT} {\n @a {\n  "+matcher+"\n }\n proconnect @a {\n  allow siren 130025265\n }\n}")
			var got []string
			for _, line := range s.Logged() {
				text := line.Text("msg")
				for _, field := range []string{"matcher", "reads", "path", "below", "under"} {
					if value := line.Text(field); value != "" {
						text += " " + field + "=" + value
					}
				}
				got = append(got, text)
			}
			for i := range want {
				want[i] = strings.Replace(want[i], " | ", " ", 1)
			}
			if !slices.Equal(got, want) {
				t.Errorf("logged\n%q\nwant\n%q", got, want)
			}
		})
	}
}
