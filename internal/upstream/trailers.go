package upstream

import (
	"io"
	"net/http"
)

// DropTrailers keeps a client's trailers from the site. They arrive behind the
// body, when we have long passed the request on; a proxy hands them on, and some
// servers merge them into the headers, where they would be an identity or a cookie
// that nobody looked at. RFC 9110 §6.5.1 lets an intermediary discard them.
func DropTrailers(r *http.Request) {
	if r.Trailer == nil {
		return
	}
	// A handler before us may have copied the request, and its errors may be
	// handled with that copy: it has the same map, which the server fills at the
	// body's end. HTTP/2 fills in announced names alone.
	clear(r.Trailer)
	if r.Body != nil {
		r.Body = &bodyWithoutTrailers{r.Body, r.Trailer}
	}
	r.Trailer = nil
}

// bodyWithoutTrailers forgets the trailers as soon as they have been read.
type bodyWithoutTrailers struct {
	io.ReadCloser
	trailer http.Header
}

func (b *bodyWithoutTrailers) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		clear(b.trailer)
	}
	return n, err
}

// Close reads on, to keep the connection, and may meet the trailers then.
func (b *bodyWithoutTrailers) Close() error {
	err := b.ReadCloser.Close()
	clear(b.trailer)
	return err
}
