package proconnect_test

import (
	"net/http"
	"testing"
)

// A gate stands before every spelling of its path that a server behind it may
// read, and an exemption holds for no path that leads out of it.
func TestReadings(t *testing.T) {
	s := start(t, sandboxLink, `
http://admin.localhost:{$PORT} {
	proconnect /admin/* {
		allow any
	}
	respond reached
}
http://exempt.localhost:{$PORT} {
	@closed not path /public/*
	proconnect @closed {
		allow any
	}
	respond reached
}`)
	tests := []struct {
		site, path string
		gated      bool
	}{
		{"admin", "/administration/x", false},
		{"admin", "/x;a/b%5cc/%2561dmin/100%25", false},
		{"admin", "/admin;x/y", true},
		{"admin", "/x/..;/admin/y", true},
		{"admin", "/admin%5cy", true},
		{"admin", "/x/..%5cadmin/y", true},
		{"admin", "/%2561dmin/y", true},
		{"admin", "/%25zz/..%252fadmin/y", true},
		{"admin", "/admin./y", true},
		{"admin", "/admin%20/y", true},
		{"exempt", "/public/a", false},
		{"exempt", "/public/a;b", false},
		{"exempt", "/public/a.%20/b%5cc", false},
		{"exempt", "/public/..;/admin", true},
		{"exempt", "/public/..%5cadmin", true},
		{"exempt", "/public/%252e%252e/admin", true},
	}
	for _, tt := range tests {
		t.Run(tt.site+" "+tt.path, func(t *testing.T) {
			want := http.StatusOK
			if tt.gated {
				want = http.StatusUnauthorized
			}
			if a := s.browser("http://" + tt.site + ".localhost:{$PORT}").get(tt.path); a.StatusCode != want {
				t.Errorf("got %d, want %d", a.StatusCode, want)
			}
		})
	}
}
