package upstream

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// fillingBody does as net/http: what is read last fills the request's trailers.
type fillingBody struct {
	io.Reader
	trailer http.Header
}

func (b *fillingBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil {
		b.trailer["X-Proconnect-Email"] = []string{"forged"}
	}
	return n, err
}

func (b *fillingBody) Close() error {
	b.trailer["Cookie"] = []string{"__Host-proconnect=stolen"}
	return nil
}

// A handler before the gate may have copied the request: the copy has the same
// trailers, which the server fills when the body has been read.
func TestTrailersReachNoCopyOfTheRequest(t *testing.T) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Trailer = http.Header{"X-Proconnect-Email": nil}
	r.Body = &fillingBody{strings.NewReader("body"), r.Trailer}
	outer := *r
	DropTrailers(r)
	for name, arrive := range map[string]func() error{
		"read":   func() error { _, err := io.ReadAll(r.Body); return err },
		"closed": r.Body.Close,
	} {
		if err := arrive(); err != nil {
			t.Fatal(err)
		}
		if r.Trailer != nil || len(outer.Trailer) != 0 {
			t.Errorf("%s: the request has trailers %v, its copy %v", name, r.Trailer, outer.Trailer)
		}
	}
}
