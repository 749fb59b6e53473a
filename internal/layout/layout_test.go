package layout

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// readRoutes reads the layout of one server, of its JSON. Nothing is provisioned.
func readRoutes(t testing.TB, server string) *Layout {
	t.Helper()
	s := new(caddyhttp.Server)
	if err := json.Unmarshal([]byte(server), s); err != nil {
		t.Fatal(err)
	}
	return read(&caddyhttp.App{Servers: map[string]*caddyhttp.Server{"srv0": s, "none": nil}})
}

// read reads routes in which a gate says what these tests look at.
func read(http *caddyhttp.App) *Layout {
	return Read(http, Options{MayMatch: func(pattern string) bool { return strings.HasPrefix(pattern, "/") || strings.HasPrefix(pattern, "*") }, Gate: func(config json.RawMessage) Gate {
		var g struct {
			Client, Headers, Path string
			Match                 []caddy.ModuleMap
		}
		_ = json.Unmarshal(config, &g)
		path := cmp.Or(g.Path, "/.proconnect")
		return Gate{
			Text: string(config), Client: cmp.Or(g.Client, "default"), Match: g.Match, Headers: g.Headers,
			Path: path, CallbackPath: path + "/callback", LoggedOutPath: path + "/logged-out",
		}
	}})
}

func (l *Layout) faults() (texts []string) {
	for _, f := range l.findings {
		if f.Fault {
			texts = append(texts, f.Text)
		}
	}
	return texts
}

const (
	gateJSON  = `{"handler":"proconnect","rules":[{"any":true}]}`
	filesJSON = `{"handler":"file_server"}`
	adminJSON = `[{"path":["/admin/*"]}]`
)

// Routes that no Caddyfile makes. What is certain is a fault, what may be is none.
func TestLayoutOfHandWrittenRoutes(t *testing.T) {
	for name, c := range map[string]struct{ routes, want string }{
		"a route that answers, before the gate's": {`{"handle":[` + filesJSON + `]},{"handle":[` + gateJSON + `]}`, "file_server answers every request before"},
		"likewise for the gate's hosts": {
			`{"match":[{"host":["a.fr","b.fr"]}],"handle":[` + filesJSON + `]},{"match":[{"host":["A.fr"]}],"handle":[` + gateJSON + `]}`, "file_server answers every request before",
		},
		"likewise for a host that is spelled otherwise": {
			`{"match":[{"host":["préfecture.fr"]}],"handle":[` + filesJSON + `]},{"match":[{"host":["xn--prfecture-c4a.fr"]}],"handle":[` + gateJSON + `]}`, "file_server answers every request before",
		},
		"a group of which one lets requests through": {
			`{"group":"g","match":` + adminJSON + `,"handle":[{"handler":"vars"}]},{"group":"g","handle":[` + filesJSON + `]},{"handle":[` + gateJSON + `]}`, "",
		},
		"a group of which none does": {
			`{"group":"g","match":` + adminJSON + `,"handle":[` + filesJSON + `]},{"group":"g","handle":[` + filesJSON + `]},{"handle":[` + gateJSON + `]}`, "file_server answers every request before",
		},
		"a rewrite behind a gate with headers": {
			`{"match":` + adminJSON + `,"handle":[{"handler":"proconnect","headers":"X-A-"},{"handler":"rewrite","uri":"/x"},{"handler":"reverse_proxy"}]}`, "",
		},
		"for some of the gate's hosts": {
			`{"match":[{"host":["a.fr"]}],"handle":[` + filesJSON + `]},{"match":[{"host":["a.fr","b.fr"]}],"handle":[` + gateJSON + `]}`, "",
		},
		"for each of the gate's hosts": {
			`{"match":[{"host":["a.fr"]}],"handle":[` + filesJSON + `]},{"match":[{"host":["b.fr"]}],"handle":[` + filesJSON + `]},{"match":[{"host":["a.fr"]},{"host":["b.fr"]}],"handle":[` + gateJSON + `]}`, "file_server answers every request before",
		},
		"a matcher set without matchers":              {`{"match":[{}],"handle":[` + filesJSON + `]},{"handle":[` + gateJSON + `]}`, "file_server answers every request before"},
		"a matcher of all paths":                      {`{"match":[{"path":["/*"]}],"handle":[` + filesJSON + `]},{"handle":[` + gateJSON + `]}`, "file_server answers every request before"},
		"a terminal route":                            {`{"terminal":true,"handle":[{"handler":"vars"}]},{"handle":[` + gateJSON + `]}`, "a terminal route answers every request before"},
		"a terminal route with a matcher":             {`{"match":` + adminJSON + `,"terminal":true,"handle":[{"handler":"vars"}]},{"handle":[` + gateJSON + `]}`, ""},
		"the same handler list":                       {`{"handle":[` + filesJSON + `,` + gateJSON + `]}`, "file_server answers every request before"},
		"an unknown handler":                          {`{"handle":[{"handler":"somebody_elses"}]},{"handle":[` + gateJSON + `]}`, ""},
		"a status that a placeholder says":            {`{"handle":[{"handler":"static_response","status_code":"{env.CODE}"}]},{"handle":[` + gateJSON + `]}`, ""},
		"a rewrite between two equal matchers":        {`{"match":` + adminJSON + `,"handle":[` + filesJSON + `]},{"handle":[{"handler":"rewrite","uri":"/admin/x"}]},{"match":` + adminJSON + `,"handle":[` + gateJSON + `]}`, ""},
		"nothing between two equal matchers":          {`{"match":` + adminJSON + `,"handle":[` + filesJSON + `]},{"match":` + adminJSON + `,"handle":[` + gateJSON + `]}`, "file_server answers every request before"},
		"matchers of which nothing is known":          {`{"match":[{"file":{}}],"handle":[` + filesJSON + `]},{"match":[{"file":{}}],"handle":[` + gateJSON + `]}`, ""},
		"a gate behind a path without a slash":        {`{"match":[{"path":["admin","admin/*"]}],"handle":[` + gateJSON + `]},{"handle":[` + filesJSON + `]}`, "no request gets to the proconnect gate"},
		"a gate behind no path at all":                {`{"match":[{"not":[{"path":["/x","/*"]}]}],"handle":[` + gateJSON + `]},{"handle":[` + filesJSON + `]}`, "no request gets to the proconnect gate"},
		"a gate behind all paths but some":            {`{"match":[{"not":[{"path":["/x"]}]}],"handle":[` + gateJSON + `]},{"handle":[` + filesJSON + `]}`, ""},
		"a gate behind no path or another":            {`{"match":[{"not":[{"path":["/*"]}]},{"path":["/x"]}],"handle":[` + gateJSON + `]},{"handle":[` + filesJSON + `]}`, ""},
		"a gate behind several paths, one of them so": {`{"match":[{"path":["admin","/admin/*"]}],"handle":[` + gateJSON + `]},{"handle":[` + filesJSON + `]}`, ""},
		"a gate among a proxy's responses":            {`{"handle":[{"handler":"reverse_proxy","handle_response":[{"routes":[{"handle":[` + gateJSON + `]}]}]}]}`, "a proconnect gate in handle_response runs when the site has answered"},
		"a gate among what is intercepted":            {`{"handle":[{"handler":"intercept","handle_response":[{"routes":[{"handle":[` + gateJSON + `]}]}]},` + filesJSON + `]}`, "a proconnect gate in handle_response runs when the site has answered"},
		"a gate behind forward_auth's good answer":    {`{"handle":[{"handler":"reverse_proxy","rewrite":{"method":"GET"},"handle_response":[{"routes":[{"handle":[` + gateJSON + `]}]}]},` + filesJSON + `]}`, ""},
		"a group in two lists":                        {`{"group":"g","handle":[{"handler":"vars"}]},{"handle":[{"handler":"subroute","routes":[{"group":"g","handle":[` + filesJSON + `]}]}]},{"handle":[` + gateJSON + `]}`, ""},
		"a subroute with errors of its own":           {`{"handle":[{"handler":"subroute","routes":[{"handle":[` + filesJSON + `]}],"errors":{"routes":[{"handle":[{"handler":"vars"}]}]}}]},{"handle":[` + gateJSON + `]}`, ""},
		"a subroute whose errors are answered":        {`{"handle":[{"handler":"subroute","routes":[{"handle":[` + filesJSON + `]}],"errors":{"routes":[{"handle":[{"handler":"static_response"}]}]}}]},{"handle":[` + gateJSON + `]}`, "file_server answers every request before"},
		"a gate in a subroute's errors alone":         {`{"handle":[{"handler":"subroute","routes":[{"handle":[` + filesJSON + `]}],"errors":{"routes":[{"handle":[` + gateJSON + `]}]}}]}`, "the only proconnect gate is inside handle_errors"},
		"an invoked route that nobody has":            {`{"handle":[{"handler":"invoke","name":"none"}]},{"handle":[` + gateJSON + `]}`, ""},
		"a named route that invokes itself":           {`{"handle":[{"handler":"invoke","name":"again"}]},{"handle":[` + gateJSON + `]}`, ""},
		"a named route that answers":                  {`{"handle":[{"handler":"invoke","name":"files"}]},{"handle":[` + gateJSON + `]}`, "file_server answers every request before"},
		"what is no handler":                          {`{"handle":[7,"x",null,{"handler":7},{"handler":"subroute","routes":7},{"handler":"reverse_proxy","handle_response":{}},{"handler":"static_response","status_code":{}}]},{"handle":[` + gateJSON + `]}`, ""},
		"what is no matcher":                          {`{"match":[{"host":7,"path":{},"not":[7],"method":[]}],"handle":[` + filesJSON + `]},{"handle":[` + gateJSON + `]}`, ""},
		"a gate that is none, behind an answer":       {`{"handle":[` + filesJSON + `,{"handler":"proconnect","rules":7}]}`, "file_server answers every request before"},
		"a gate whose matcher was answered":           {`{"match":` + adminJSON + `,"handle":[` + filesJSON + `]},{"handle":[{"handler":"proconnect","match":[{"path":["/admin/x","/admin/y"]}]}]}`, "file_server answers every request that the proconnect gate's matcher is for"},
		"a gate whose matcher was answered half":      {`{"match":` + adminJSON + `,"handle":[` + filesJSON + `]},{"handle":[{"handler":"proconnect","match":[{"path":["/admin","/admin/*"]}]}]}`, ""},
		"two clients at one address, of a wildcard's name": {
			`{"match":[{"host":["a.b.fr"]}],"handle":[{"handler":"proconnect","client":"other"}]},{"match":[{"host":["*.b.fr"]}],"handle":[` + gateJSON + `]}`, `the gates of the clients "default" and "other" both answer under /.proconnect`,
		},
		"two clients, of which one request meets one alone": {
			`{"match":[{"host":["a.b.fr"]}],"terminal":true,"handle":[{"handler":"proconnect","client":"other"}]},{"match":[{"host":["*.b.fr"]}],"handle":[` + gateJSON + `]}`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := readRoutes(t, `{"routes":[`+c.routes+`],"named_routes":{"again":{"handle":[{"handler":"invoke","name":"again"}]},"files":{"handle":[`+filesJSON+`]}}}`)
			got := strings.Join(l.faults(), "\n")
			if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What commands tell of a site: which gates a request meets, and what answers it.
func TestLayoutTellsGatesAndEndings(t *testing.T) {
	l := readRoutes(t, `{"routes":[{"match":[{"host":["docs.fr"]}],"terminal":true,"handle":[{"handler":"subroute","routes":[
		{"match":`+adminJSON+`,"handle":[{"handler":"static_response","status_code":404}]},
		{"handle":[{"handler":"proconnect","headers":"X-A-"}]},
		{"match":[{"path":["/x/*"]}],"handle":[{"handler":"proconnect","client":"other","path":"/x/.p"}]},
		{"match":[{"path":["/x/*"]}],"handle":[{"handler":"reverse_proxy"}]},
		{"handle":[`+filesJSON+`]}]}]}],
		"errors":{"routes":[{"match":[{"host":["docs.fr"]}],"handle":[`+gateJSON+`]}]}}`)
	if len(l.findings) > 0 || len(l.sites) != 2 {
		t.Fatalf("%d sites, findings %v", len(l.sites), l.findings)
	}
	site := l.sites[0]
	var told []string
	for _, g := range site.gates {
		told = append(told, "gate "+g.config.Client+" "+g.config.CallbackPath+" "+strings.Join(g.hosts, ","))
	}
	for _, e := range site.endings {
		line := e.name + " " + e.path
		for _, g := range e.gates {
			if g.site != nil {
				line += " behind " + g.config.Client
			}
		}
		told = append(told, line)
	}
	want := []string{
		"gate default /.proconnect/callback docs.fr", "gate other /x/.p/callback docs.fr",
		"respond 404 /admin/*", "reverse_proxy /x/* behind default behind other", "file_server  behind default",
	}
	if strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	if e := l.sites[1]; !e.errors || len(e.gates) != 1 || !e.gates[0].errors {
		t.Errorf("the route of handle_errors: %+v", e)
	}
}

// Thousands of sites are read in no time that anybody waits for: what is known of one
// is not looked at for the others.
func BenchmarkLayoutOfManySites(b *testing.B) {
	var routes []string
	for i := range 5000 {
		host := "site" + string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		routes = append(routes, `{"match":[{"host":["`+host+`"]}],"terminal":true,"handle":[{"handler":"subroute","routes":[{"handle":[`+gateJSON+`]},{"handle":[`+filesJSON+`]}]}]}`)
	}
	server := `{"routes":[` + strings.Join(routes, ",") + `]}`
	for b.Loop() {
		if l := readRoutes(b, server); len(l.sites) != 5000 {
			b.Fatal(len(l.sites))
		}
	}
}

// A portal has a gate for each of its applications: what ran in a block that answers is
// not looked at behind it.
func BenchmarkLayoutOfManyBlocks(b *testing.B) {
	blocks := []string{`{"handle":[` + gateJSON + `]}`}
	for i := range 300 {
		path := "/app" + strconv.Itoa(i)
		blocks = append(blocks, `{"group":"g","match":[{"path":["`+path+`/*"]}],"handle":[{"handler":"subroute","routes":[{"handle":[
			{"handler":"rewrite","strip_path_prefix":"`+path+`"}]},{"handle":[{"handler":"proconnect","match":[{"path":["`+path+`"]}]}]},{"handle":[`+filesJSON+`]}]}]}`)
	}
	server := `{"routes":[{"handle":[{"handler":"subroute","routes":[` + strings.Join(blocks, ",") + `]}]}]}`
	for b.Loop() {
		if l := readRoutes(b, server); len(l.sites[0].gates) != 301 {
			b.Fatal(len(l.sites))
		}
	}
}

// Whatever stands in a configuration, reading it ends.
func FuzzLayout(f *testing.F) {
	f.Add([]byte(`[{"match":` + adminJSON + `,"group":"g","handle":[` + filesJSON + `,` + gateJSON + `]}]`))
	f.Add([]byte(`[{"handle":[{"handler":"subroute","routes":[{"match":[{"not":[{"proconnect":{}}]}],"handle":[` + gateJSON + `]}],"errors":{"routes":[{"terminal":true}]}}]}]`))
	f.Add([]byte(`[{"handle":[{"handler":"invoke","name":"n"},{"handler":"rewrite"},{"handler":"reverse_proxy"}]}]`))
	f.Fuzz(func(t *testing.T, routes []byte) {
		var list caddyhttp.RouteList
		if json.Unmarshal(routes, &list) != nil {
			return
		}
		server := &caddyhttp.Server{Routes: list, Errors: &caddyhttp.HTTPErrorConfig{Routes: list}, NamedRoutes: map[string]*caddyhttp.Route{"none": nil}}
		if len(list) > 0 {
			server.NamedRoutes["n"] = &list[0]
		}
		read(&caddyhttp.App{Servers: map[string]*caddyhttp.Server{"srv0": server}})
	})
}
