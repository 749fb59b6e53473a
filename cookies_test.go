package proconnect

import (
	"net/http"
	"slices"
	"testing"
)

func TestFindCookie(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
		ok    bool
	}{
		"alone":            {[]string{"__Host-proconnect=v"}, "v", true},
		"among others":     {[]string{"a=1; __Host-proconnect=v; b=2"}, "v", true},
		"without spaces":   {[]string{"a=1;__Host-proconnect=v"}, "v", true},
		"on another line":  {[]string{"a=1", "__Host-proconnect=v"}, "v", true},
		"value with =":     {[]string{"__Host-proconnect=v=w"}, "v=w", true},
		"not there":        {[]string{"proconnect=v; __Host-proconnect_login=x"}, "", false},
		"twice":            {[]string{"__Host-proconnect=v; __Host-proconnect=w"}, "", false},
		"on two lines":     {[]string{"__Host-proconnect=v", "__Host-proconnect=w"}, "", false},
		"in a value":       {[]string{`a="; __Host-proconnect=v`}, "v", true},
		"other case":       {[]string{"__host-proconnect=v"}, "", false},
		"none":             {nil, "", false},
		"only separators":  {[]string{";;; ;"}, "", false},
		"a space before =": {[]string{"__Host-proconnect =v"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := findCookie(c.lines, "__Host-proconnect")
			if got != c.want || ok != c.ok {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

func TestHideCookies(t *testing.T) {
	for name, c := range map[string]struct{ lines, want []string }{
		"ours alone":       {[]string{"__Host-proconnect=v"}, nil},
		"ours among":       {[]string{"a=1; __Host-proconnect=v; b=2"}, []string{"a=1; b=2"}},
		"all of ours":      {[]string{"proconnect=1; __Host-proconnect_login_x=2; __Secure-proconnect_id_token=3; proconnect_sandbox=4; c=5"}, []string{"c=5"}},
		"several lines":    {[]string{"a=1", "__Host-proconnect=v", "b=2; proconnect=w"}, []string{"a=1", "b=2"}},
		"none of ours":     {[]string{"a=1; proconnectx=2; proconnect-theme=dark"}, []string{"a=1; proconnectx=2; proconnect-theme=dark"}},
		"ours with spaces": {[]string{"a=1 ;  proconnect =v"}, []string{"a=1 "}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Cookie": slices.Clone(c.lines)}
			before := h["Cookie"]
			hideCookies(h, "proconnect")
			if !slices.Equal(h["Cookie"], c.want) {
				t.Errorf("got %q, want %q", h["Cookie"], c.want)
			}
			if !slices.Equal(before, c.lines) {
				t.Errorf("what the browser sent was changed to %q: the gate still reads it", before)
			}
		})
	}
}
