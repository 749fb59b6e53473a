package upstream

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// handedOn is a response that tells by which way its body came.
type handedOn struct {
	*httptest.ResponseRecorder
	readFrom bool
}

func (h *handedOn) ReadFrom(r io.Reader) (int64, error) {
	h.readFrom = true
	return io.Copy(h.ResponseRecorder, r)
}

// A small file costs no buffer of its own. What is large is handed on, so that the
// kernel may send it, and what may never end, so that each piece leaves as it comes.
func TestSmallBodiesAreCopied(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", smallBody/8)
	for name, c := range map[string]struct {
		limit    int64
		readFrom bool
	}{
		"empty":     {0, false},
		"small":     {2000, false},
		"just so":   {smallBody, false},
		"large":     {smallBody + 1, true},
		"unlimited": {-1, true},
	} {
		t.Run(name, func(t *testing.T) {
			var source io.Reader = strings.NewReader(body)
			want := body
			if c.limit >= 0 {
				source, want = io.LimitReader(source, c.limit), body[:c.limit]
			}
			under := &handedOn{ResponseRecorder: httptest.NewRecorder()}
			var w PrivateWriter
			w.Wrap(under, false)
			n, err := w.ReadFrom(source)
			if err != nil || n != int64(len(want)) || under.Body.String() != want {
				t.Errorf("%d bytes of %d arrived, %v", under.Body.Len(), len(want), err)
			}
			if under.readFrom != c.readFrom {
				t.Errorf("handed on: %t, want %t", under.readFrom, c.readFrom)
			}
		})
	}
}

// failing is an HTTP/2 stream that was reset: Write has returned, and the connection is
// still sending what it was given.
type failing struct {
	http.ResponseWriter
	sending []byte
}

func (f *failing) Write(p []byte) (int, error) {
	f.sending = p
	return 0, errors.New("stream closed")
}

// What a failed write may still be sending is not overwritten by somebody else's body.
func TestFailedBodyKeepsItsBuffer(t *testing.T) {
	reset := &failing{ResponseWriter: httptest.NewRecorder()}
	if _, err := copySmall(reset, io.LimitReader(strings.NewReader("one person's"), 100)); err == nil {
		t.Fatal("the write did not fail")
	}
	for range 100 {
		if _, err := copySmall(io.Discard, io.LimitReader(strings.NewReader("another's, and longer"), 100)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(reset.sending, []byte("one person's")) {
		t.Errorf("it sends %q", reset.sending)
	}
}
