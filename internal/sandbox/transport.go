package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// maxBody bounds what a request may send, in bytes.
const maxBody = 64 << 10

// Transport answers the requests that a relying party's server sends to the
// issuer, in process. A request to any other host is an error: the sandbox never
// reaches the network.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.URL.Scheme != t.server.issuer.Scheme || !strings.EqualFold(r.URL.Host, t.server.issuer.Host) {
		return nil, fmt.Errorf("sandbox: request to another host than %s", t.server.issuer.Host)
	}
	in := r.Clone(r.Context())
	in.Body = http.NoBody
	if r.Body != nil {
		in.Body = io.NopCloser(io.LimitReader(r.Body, maxBody))
	}
	out := &response{header: make(http.Header)}
	t.server.back(out, in)
	return out.result(r), nil
}

// back is what servers see. Each endpoint answers one method.
func (s *Server) back(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	path, ok := strings.CutPrefix(r.URL.Path, s.issuer.Path)
	endpoint, known := map[string]struct {
		methods []string
		serve   http.HandlerFunc
	}{
		"/.well-known/openid-configuration": {[]string{http.MethodGet}, s.discovery},
		"/jwks":                             {[]string{http.MethodGet}, s.jwks},
		"/token":                            {[]string{http.MethodPost}, s.token},
		"/userinfo":                         {[]string{http.MethodGet, http.MethodPost}, s.userinfo},
	}[path]
	switch {
	case !ok || !known:
		writeError(w, http.StatusNotFound, "invalid_request", "unrecognized route")
	case !slices.Contains(endpoint.methods, r.Method):
		w.Header().Set("Allow", strings.Join(endpoint.methods, ", "))
		writeError(w, http.StatusMethodNotAllowed, "invalid_request", "method not allowed")
	default:
		endpoint.serve(w, r)
	}
}

// response is a [http.ResponseWriter] that keeps what it is given.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *response) result(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       r,
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // into memory
}

// writeError answers as RFC 6749 §5.2.
func writeError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]string{"error": code, "error_description": description})
}
