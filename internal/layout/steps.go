package layout

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// step is a handler of a route, provisioned already or not.
type step struct {
	name string                      // its module's
	raw  json.RawMessage             // its configuration
	done caddyhttp.MiddlewareHandler // the handler, if it is provisioned
}

// steps returns the handlers of a route. Caddy clears the raw ones when all of
// them are provisioned.
func steps(route caddyhttp.Route) []step {
	var all []step
	for _, raw := range route.HandlersRaw {
		all = append(all, stepOf(raw).original())
	}
	if len(all) > 0 {
		return all
	}
	for _, done := range route.Handlers {
		all = append(all, step{name: moduleName(done), done: done}.original())
	}
	return all
}

// moduleName is the last part of a module's ID.
func moduleName(v any) string {
	if m, ok := v.(caddy.Module); ok {
		return m.CaddyModule().ID.Name()
	}
	return ""
}

// config returns a step's configuration, or nothing if it has none that can be written.
func (s step) config() json.RawMessage {
	if s.done == nil {
		return s.raw
	}
	config, err := json.Marshal(s.done)
	if err != nil {
		return nil
	}
	return config
}

// read decodes what matters of a step's configuration. What it cannot read is left
// as it is: Caddy refuses it, or knows better.
func (s step) read(into any) bool { return json.Unmarshal(s.config(), into) == nil }

// subroute returns the routes of a step that is a subroute.
func (s step) subroute() *caddyhttp.Subroute {
	if done, ok := s.done.(*caddyhttp.Subroute); ok {
		return done
	}
	sub := new(caddyhttp.Subroute)
	s.read(sub)
	return sub
}

// How a step goes on.
type course int

const (
	passes  course = iota // to what is behind it
	changes               // likewise, with a request that matchers may see otherwise
	answers               // nothing behind it sees the request
)

// course says what becomes of a request, and the directive's name for messages.
// Only what certainly answers does: an unknown handler passes.
func (s step) course() (course, string) {
	switch s.name {
	case "static_response":
		return s.staticResponse()
	case "error":
		return answers, "error"
	case "file_server":
		var options struct {
			PassThru bool `json:"pass_thru"`
		}
		if !s.read(&options) || options.PassThru {
			return passes, "file_server"
		}
		return answers, "file_server"
	case "reverse_proxy":
		if p, known := s.proxy(); !known || len(p.HandleResponse) > 0 {
			return changes, "reverse_proxy" // its routes may rewrite
		}
		return answers, "reverse_proxy"
	case "metrics":
		return answers, "metrics"
	case "rewrite", "intercept", "copy_response", "copy_response_headers":
		return changes, s.name
	case "authentication", "encode", "headers", "log_append", "map", "proconnect", "push", "request_body", "templates", "tracing", "vars":
		return passes, s.name
	}
	return changes, s.name
}

// mayAnswer says whether a step that does not answer for certain may: whoever asks what
// is open must see it.
func (s step) mayAnswer() bool {
	course, _ := s.course()
	switch s.name {
	case "file_server":
		return course == passes // the files that there are
	case "static_response":
		return course == passes && !s.hints()
	case "reverse_proxy":
		return course == changes && !s.asksFirst()
	case "rewrite", "intercept", "copy_response", "copy_response_headers":
		return false
	}
	return course == changes // what we do not know, and acme_server
}

// passive says whether every request goes on behind a route as it came.
func passive(route caddyhttp.Route) bool {
	return !route.Terminal && !slices.ContainsFunc(steps(route), func(s step) bool {
		course, _ := s.course()
		return course != passes || s.setsHost()
	})
}

// hints says whether a step sends Early Hints, after which the request continues.
func (s step) hints() bool {
	var options struct {
		StatusCode caddyhttp.WeakString `json:"status_code"`
	}
	return s.read(&options) && options.StatusCode == "103"
}

// staticResponse tells an answer from Early Hints, after which the request continues.
func (s step) staticResponse() (course, string) {
	var options caddyhttp.StaticResponse
	if !s.read(&options) {
		return passes, "respond"
	}
	code := string(options.StatusCode)
	switch {
	case s.hints() || strings.Contains(code, "{"):
		return passes, "respond"
	case options.Abort:
		return answers, "abort"
	case len(options.Headers["Location"]) > 0:
		return answers, "redir"
	case code != "":
		return answers, "respond " + code
	}
	return answers, "respond"
}

// proxyOptions is what matters of a reverse proxy.
type proxyOptions struct {
	HandleResponse []json.RawMessage `json:"handle_response"`
	Rewrite        struct {
		Method string `json:"method"`
	} `json:"rewrite"`
	Headers struct {
		Request struct {
			Set map[string]any `json:"set"`
		} `json:"request"`
	} `json:"headers"`
	Transport struct {
		Protocol string `json:"protocol"`
	} `json:"transport"`
}

func (s step) proxy() (options proxyOptions, known bool) {
	known = s.read(&options)
	return options, known
}

// forwards says whether a step hands a request's headers on to something that may
// believe them. An authorization server that forward_auth asks does not serve the
// site.
func (s step) forwards() bool {
	switch s.name {
	case "reverse_proxy":
		p, _ := s.proxy()
		return len(p.HandleResponse) == 0 || p.Rewrite.Method != "GET"
	case "php", "cgi": // FrankenPHP's, and the CGI plugin's
		return true
	}
	return false
}

// asksFirst says whether a step asks an authorization server about a request, as
// forward_auth does: what that answers is none of the site.
func (s step) asksFirst() bool {
	p, _ := s.proxy()
	_, asks := p.Headers.Request.Set["X-Forwarded-Uri"]
	return asks && len(p.HandleResponse) > 0 && p.Rewrite.Method == "GET"
}

// refuses says whether a step answers with a status of 400 to 499, or hangs up.
func (s step) refuses() bool {
	var options caddyhttp.StaticResponse // of an error, which has but a status
	if s.name != "static_response" && s.name != "error" || !s.read(&options) {
		return false
	}
	code := string(options.StatusCode)
	return options.Abort || len(code) == 3 && code[0] == '4'
}

// takesPHP says whether a route is the one by which php_fastcgi hands on what it has
// rewritten to a script. What does not get there is a file of the site, which
// php_fastcgi leaves to whatever is behind it: the application is answered.
func takesPHP(sets scope, s step) bool {
	p, _ := s.proxy()
	return s.name == "reverse_proxy" && p.Transport.Protocol == "fastcgi" &&
		len(sets) == 1 && len(sets[0]) == 1 && sets[0][0].name == "path" && len(sets[0][0].list) == 1 && sets[0][0].list[0] == "*.php"
}
