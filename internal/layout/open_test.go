package layout

import (
	"strings"
	"testing"
)

// What is open is said to be: a gate's own matcher says nothing of what a request is
// made behind the gate, and whatever may answer is named.
func TestLayoutTellsWhatIsOpen(t *testing.T) {
	const (
		gate   = `{"handler":"proconnect","match":[{"path":["/admin/*"]}]}`
		answer = `{"match":[{"path":["/admin/*"]}],"handle":[{"handler":"static_response","status_code":200}]}`
	)
	for name, c := range map[string]struct{ routes, want string }{
		"a gate's own paths":      {`{"handle":[` + gate + `]},` + answer, "gated respond 200"},
		"a rewrite behind it":     {`{"handle":[` + gate + `]},{"match":[{"path":["/x"]}],"handle":[{"handler":"rewrite","uri":"/admin/s"}]},` + answer, "partly respond 200"},
		"a rewrite before it":     {`{"match":[{"path":["/x"]}],"handle":[{"handler":"rewrite","uri":"/admin/s"}]},{"handle":[` + gate + `]},` + answer, "gated respond 200"},
		"a rewrite in a block":    {`{"handle":[` + gate + `]},{"match":[{"path":["/x/*"]}],"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":"rewrite","strip_path_prefix":"/x"}]},` + answer + `]}]}`, "partly respond 200"},
		"a rewrite in a group":    {`{"handle":[` + gate + `]},{"group":"g","match":[{"path":["/x/*"]}],"handle":[{"handler":"rewrite","strip_path_prefix":"/x"}]},{"group":"g","match":[{"path":["/y/*"]}],"handle":[{"handler":"vars"}]},` + answer, "partly respond 200"},
		"a rewrite in an error":   {`{"handle":[` + gate + `]},{"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":"error"}]}],"errors":{"routes":[{"handle":[{"handler":"rewrite","uri":"/admin/s"}]}]}}]},` + answer, "partly error\npartly respond 200"},
		"a block that ended":      {`{"handle":[` + gate + `]},{"group":"g","match":[{"path":["/x/*"]}],"handle":[{"handler":"rewrite","uri":"/admin/s"},{"handler":"static_response","status_code":201}]},{"group":"g",` + answer[1:], "partly respond 201\ngated respond 200"},
		"a gate of everything":    {`{"handle":[` + gateJSON + `]},{"handle":[{"handler":"rewrite","uri":"/admin/s"}]},` + answer, "gated respond 200"},
		"everything in a block":   {`{"match":[{"path":["/admin/*"]}],"handle":[{"handler":"subroute","routes":[{"handle":[` + gate + `]},{"handle":[{"handler":"rewrite","uri":"/admin/s"}]},` + answer + `]}]}`, "gated respond 200"},
		"another host":            {`{"handle":[` + gateJSON + `],"match":[{"host":["a.fr"]}]},{"handle":[{"handler":"headers","request":{"set":{"Host":["a.fr"]}}}]},{"match":[{"host":["a.fr"]}],"handle":[{"handler":"static_response","status_code":200}]}`, "open respond 200"},
		"another host, deleted":   {`{"match":[{"host":["a.fr"]}],"handle":[` + gateJSON + `]},{"handle":[{"handler":"headers","request":{"delete":["H*"]}}]},{"match":[{"host":["a.fr"]}],"handle":[{"handler":"static_response","status_code":200}]}`, "open respond 200"},
		"a block on its old host": {`{"match":[{"host":["a.fr"]}],"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":"headers","request":{"set":{"Host":["b.fr"]}}}]},{"match":[{"host":["a.fr"]}],"handle":[` + gateJSON + `,{"handler":"static_response","status_code":201}]},{"handle":[{"handler":"static_response","status_code":200}]}]}]}`, "gated respond 201\nopen respond 200"},
		"other headers":           {`{"match":[{"host":["a.fr"]}],"handle":[` + gateJSON + `]},{"handle":[{"handler":"headers","request":{"set":{"X":["a.fr"]},"delete":["X-*"]}}]},{"match":[{"host":["a.fr"]}],"handle":[{"handler":"static_response","status_code":200}]}`, "gated respond 200"},
		"a placeholder":           {`{"match":[{"path":["/{http.vars.v}"]}],"handle":[` + gateJSON + `]},{"handle":[{"handler":"vars","v":"/x"}]},{"match":[{"path":["/{http.vars.v}"]}],"handle":[{"handler":"static_response","status_code":200}]}`, "open respond 200"},
		"not a placeholder":       {`{"match":[{"not":[{"path":["/{http.vars.v}"]}]}],"handle":[` + gateJSON + `]},{"handle":[{"handler":"vars","v":"/x"}]},{"match":[{"not":[{"path":["/{http.vars.v}"]}]}],"handle":[{"handler":"static_response","status_code":200}]}`, "open respond 200"},
		"the environment":         {`{"match":[{"path":["/{env.AREA}"]}],"handle":[` + gateJSON + `]},{"match":[{"path":["/{env.AREA}"]}],"handle":[{"handler":"static_response","status_code":200}]}`, "gated respond 200"},
		"what we do not know":     {`{"match":[{"path":["/dav/*"]}],"handle":[{"handler":"webdav"}]},{"handle":[` + gateJSON + `]},{"handle":[` + filesJSON + `]}`, "open webdav\ngated file_server"},
		"files that there are":    {`{"handle":[{"handler":"file_server","pass_thru":true}]},{"handle":[` + gateJSON + `,{"handler":"reverse_proxy"}]}`, "open file_server\ngated reverse_proxy"},
		"any status":              {`{"handle":[{"handler":"static_response","status_code":"{http.vars.s}"}]},{"handle":[` + gateJSON + `,{"handler":"static_response","status_code":103},` + filesJSON + `]}`, "open respond\ngated file_server"},
		"a proxy's own answers":   {`{"handle":[{"handler":"reverse_proxy","rewrite":{"method":"GET"},"handle_response":[{}]}]},{"handle":[` + gateJSON + `,` + filesJSON + `]}`, "open reverse_proxy\ngated file_server"},
		"forward_auth":            {`{"handle":[{"handler":"reverse_proxy","rewrite":{"method":"GET"},"headers":{"request":{"set":{"X-Forwarded-Uri":["/"]}}},"handle_response":[{}]}]},{"handle":[` + gateJSON + `,` + filesJSON + `]}`, "gated file_server"},
		"files beside PHP":        {`{"match":[{"path":["*.php"]}],"handle":[{"handler":"reverse_proxy","transport":{"protocol":"fastcgi"}}]},{"handle":[` + filesJSON + `]}`, "open reverse_proxy\nopen file_server"},
		"files beside a block":    {`{"group":"g","match":[{"path":["/a/*"]}],"handle":[` + filesJSON + `]},{"group":"g","handle":[{"handler":"subroute","routes":[{"match":[{"path":["*.php"]}],"handle":[{"handler":"reverse_proxy","transport":{"protocol":"fastcgi"}}]},{"handle":[{"handler":"rewrite","uri":"/x"}]}]}]},{"handle":[{"handler":"static_response"}]}`, "open file_server\nopen reverse_proxy\nopen respond"},
		"files beside several":    {`{"match":[{"path":["/a/*"]},{"path":["/b/*"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"path":["/a/*"]}],"handle":[{"handler":"static_response","status_code":201}]},{"match":[{"path":["/b/*"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"path":["*.php"]}],"handle":[{"handler":"reverse_proxy","transport":{"protocol":"fastcgi"}}]}]}]},{"handle":[{"handler":"rewrite","uri":"/x"}]},{"handle":[{"handler":"static_response","status_code":200}]}]}]}`, "open respond 201\nopen reverse_proxy\nopen respond 200"},
	} {
		t.Run(name, func(t *testing.T) {
			l := readRoutes(t, `{"routes":[`+c.routes+`]}`)
			if f := l.faults(); len(f) > 0 {
				t.Fatal(f)
			}
			var told []string
			for _, s := range l.Sites() {
				for _, a := range s.Answers {
					told = append(told, string(a.State)+" "+a.By)
				}
			}
			if got := strings.Join(told, "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A gate knows its site by the host of requests, and not by one that they were given.
func TestLayoutWarnsOfAnotherHostBeforeAGate(t *testing.T) {
	for header, warned := range map[string]bool{"Host": true, "X-Host": false} {
		l := readRoutes(t, `{"routes":[{"match":[{"host":["a.fr"]}],"handle":[{"handler":"headers","request":{"set":{"`+header+`":["b.fr"]}}},`+gateJSON+`]}]}`)
		if got := len(l.findings) == 1 && strings.Contains(l.findings[0].Text, "another Host before"); got != warned || len(l.sites[0].gates[0].hosts) > 0 == warned {
			t.Errorf("%s: %v, the gate is at %v", header, l.findings, l.sites[0].gates[0].hosts)
		}
	}
}

// A path within a block is a whole one, and not one below the block's.
func TestLayoutWarnsOfAGateThatIsNowhere(t *testing.T) {
	for _, c := range []struct {
		block, gate string
		warned      bool
	}{
		{`["/app/*"]`, `["/admin/*"]`, true},
		{`["/app/*"]`, `["/admin", "/admin/*"]`, true},
		{`["/app"]`, `["/app/*"]`, true},
		{`["/app/*"]`, `["/APP/admin/*"]`, false},
		{`["/app/*"]`, `["/admin/*", "/app/admin"]`, false},
		{`["/app*"]`, `["/application/*"]`, false},
		{`["/app/*"]`, `["/a*"]`, false},
		{`["/app/*"]`, `["*/admin"]`, false},
		{`["/index.php/*"]`, `["/admin/*"]`, false},
		{`["/{env.A}/*"]`, `["/admin/*"]`, false},
		{`["/*"]`, `["/admin/*"]`, false},
	} {
		const behind = `,"handle":[{"handler":"subroute","routes":[{"handle":[{"handler":"proconnect","match":[{"path":`
		l := readRoutes(t, `{"routes":[{"match":[{"path":`+c.block+`}]`+behind+c.gate+`}]}]}]}]}]}`)
		if got := len(l.findings) == 1 && strings.Contains(l.findings[0].Text, "no address is in both"); got != c.warned || len(l.faults()) > 0 {
			t.Errorf("%s in %s: %v", c.gate, c.block, l.findings)
		}
	}
	const stripped = `{"match":[{"path":["/app/*"]}],"handle":[{"handler":"rewrite","strip_path_prefix":"/app"},{"handler":"proconnect","match":` + adminJSON + `}]}`
	if l := readRoutes(t, `{"routes":[`+stripped+`]}`); len(l.findings) > 0 {
		t.Errorf("handle_path: %v", l.findings)
	}
}
