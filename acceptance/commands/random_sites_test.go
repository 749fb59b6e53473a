package commands

import (
	"fmt"
	"strings"
)

// siteMaker writes random sites as people nest them. Each answer of theirs has a status of
// its own, by which it is known in what check says and in what a stranger gets.
type siteMaker struct {
	chance
	status int // of the last answer
	host   string
	named  []string // matchers
}

// paths are what matchers say, and what is asked for.
var (
	patterns = []string{"/a", "/a/*", "/a*", "/b/*", "/a/b/*", "*.x", "/p/*", "/", "/A/*", "/b", "/*"}
	targets  = []string{
		"/", "/a", "/a/", "/a/b/c", "/a/b/", "/b/a", "/b", "/p/a/b", "/p/b/s.x", "/p/", "/s.x", "/a/s.x", "/A/b/c", "/q", "/b/a/b/c", "/p/a/b/c", "/a/a/b",
		"//a/b/c", "/a//b", "/%61/b/c", "/a%2fb/c", "/a;v/b/c", "/q?k=v", "/a/b?k=v", "/index.php/a/b", "/.proconnect/none",
	}
)

// matcher is a random one, or none.
func (c *siteMaker) matcher() string {
	switch c.IntN(8) {
	case 0, 1:
		return ""
	case 2:
		if len(c.named) > 0 {
			return c.named[c.IntN(len(c.named))]
		}
	}
	for {
		if p := c.pattern(); p[0] == '/' {
			return p
		}
	}
}

func (c *siteMaker) pattern() string { return patterns[c.IntN(len(patterns))] }

// definitions are the named matchers of a site.
func (c *siteMaker) definitions() string {
	var text strings.Builder
	c.named = nil
	for i := range 4 {
		name := fmt.Sprintf("@m%d", i)
		c.named = append(c.named, name)
		kinds := []string{
			"path " + c.pattern() + " " + c.pattern() + "1", "not path " + []string{"/a/*", "/b/* /q", "*.x"}[c.IntN(3)], "method POST",
			"{\n path " + c.pattern() + "\n method GET\n}", "host " + c.host, "query k=v", "header X-H 1", "not method POST",
			"expression path('" + c.pattern() + "')", "{\n not path /q\n not path /b/*\n}", "host other.localhost", "host also." + c.host, "host also." + c.host + " other.localhost", "vars {http.request.uri.path} /q",
			"path {vars.v}/*", "client_ip 127.0.0.1/8", "protocol http", "not host " + c.host,
		}
		fmt.Fprintf(&text, "%s %s\n", name, kinds[c.IntN(len(kinds))])
	}
	return text.String()
}

func (c *siteMaker) gate() string {
	m := c.matcher()
	option := []string{"allow siren 130025265", "allow siren 130025265", "allow any", "allow any\noptional", "allow any\nlogin auto", "allow any\nerrors caddy"}[c.IntN(6)]
	if strings.HasPrefix(m, "/*") {
		m = ""
	}
	if c.in(2) {
		option += "\norigin http://" + c.host + ":{$PORT}"
	}
	return "proconnect " + m + " {\n" + option + "\n}"
}

func (c *siteMaker) respond(m string) string {
	if c.status++; c.status > 299 {
		c.status = 205
	}
	return fmt.Sprintf("respond %s x %d", m, c.status)
}

// directive is a random one.
func (c *siteMaker) directive(depth int) string {
	to := []string{"/a/s", "/b", "/q", "/p/a", "/s.x"}[c.IntN(5)]
	n := c.IntN(24)
	if depth == 0 {
		n = c.IntN(16)
	}
	switch n {
	case 0, 1, 2, 3:
		return c.respond(c.matcher())
	case 4, 5, 6:
		return c.gate()
	case 7:
		return "rewrite " + c.orAll(c.matcher()) + " " + to
	case 8:
		return "uri " + c.matcher() + " strip_prefix " + []string{"/p", "/a", "/b"}[c.IntN(3)]
	case 9:
		return "uri " + c.matcher() + " replace /b/ /a/"
	case 10:
		return "method " + c.matcher() + " " + []string{"POST", "GET"}[c.IntN(2)]
	case 11:
		return "error " + c.pattern() + " 410"
	case 12:
		return "vars " + c.orAll(c.matcher()) + " v " + []string{"/a", "/b"}[c.IntN(2)]
	case 13:
		return "request_header " + c.matcher() + " " + []string{"Host other.localhost", "X-H 1", "Host " + c.host, "-H*"}[c.IntN(4)]
	case 14:
		return "invoke " + c.matcher() + " " + []string{"one", "two"}[c.IntN(2)]
	case 15:
		return "try_files {path} " + to
	case 16, 17, 18, 19:
		return "handle " + c.matcher() + " {\n" + c.body(depth-1) + "}"
	case 20:
		return "handle_path " + []string{"/p/*", "/a/*", "/b/*"}[c.IntN(3)] + " {\n" + c.body(depth-1) + "}"
	case 21:
		return "forward_auth " + c.matcher() + " 127.0.0.1:{$PORT} {\nuri /yes\nheader_up Host auth.localhost\n}"
	}
	return "route " + c.matcher() + " {\n" + c.body(depth-1) + "}"
}

func (c *siteMaker) orAll(m string) string {
	if m == "" {
		return "*"
	}
	return m
}

func (c *siteMaker) body(depth int) string {
	var text strings.Builder
	for range 1 + c.IntN(4) {
		text.WriteString(c.directive(depth) + "\n")
	}
	return text.String()
}

// make is a random site of a host.
func (c *siteMaker) make(i int) (host, text string) {
	c.host = fmt.Sprintf("s%d.localhost", i)
	text = "http://" + c.host + ":{$PORT}, http://also." + c.host + ":{$PORT} {\n" + c.definitions() + c.body(2) + c.body(2) + c.gate() + "\n" + c.respond("")
	if c.in(3) {
		text += "\nhandle_errors {\n" + c.directive(1) + "\n" + c.respond("") + "\n}"
	}
	return c.host, text + "\n}\n"
}

// namedRoutes are those that sites invoke.
func (c *siteMaker) namedRoutes() (text string) {
	c.host = "named.localhost"
	for _, name := range []string{"one", "two"} {
		text += "&(" + name + ") {\n" + strings.ReplaceAll(c.body(1), "invoke", "# invoke") + "}\n"
	}
	return text
}
