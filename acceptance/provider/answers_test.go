package provider_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// replying changes an endpoint's answer before it is sent.
func replying(endpoint string, change func(*pendingReply)) misconduct {
	return misconduct{Reply: map[string]func(*pendingReply){endpoint: change}}
}

// answering replaces an endpoint's answer, but for its place.
func answering(endpoint string, status int, media, body string) misconduct {
	return replying(endpoint, func(r *pendingReply) { r.Status, r.Media, r.Body = status, media, body })
}

// withStatus keeps the answer, and changes the status alone.
func withStatus(endpoint string, status int) misconduct {
	return replying(endpoint, func(r *pendingReply) { r.Status = status })
}

// withMedia keeps the answer, and changes the content type alone.
func withMedia(endpoint, media string) misconduct {
	return replying(endpoint, func(r *pendingReply) { r.Media = media })
}

// withMember changes a member of the JSON that an endpoint answers; nil takes it
// away.
func withMember(endpoint, name string, value any) misconduct {
	return replying(endpoint, func(r *pendingReply) {
		var doc jsonObject
		if err := json.Unmarshal([]byte(r.Body), &doc); err != nil {
			panic(err)
		}
		changedField(name, value)(doc)
		r.Body = doc.String()
	})
}

// redirecting sends whoever calls to another place, with the good answer there
// for those who go.
func redirecting(endpoint string, status int) misconduct {
	return misconduct{Raw: map[string]http.HandlerFunc{endpoint: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", strings.TrimSuffix(r.URL.Path, endpoint)+"elsewhere")
		w.WriteHeader(status)
	}}}
}

func rawly(endpoint string, f http.HandlerFunc) misconduct {
	return misconduct{Raw: map[string]http.HandlerFunc{endpoint: f}}
}

// endless answers for ever, as fast as it is read.
func endless(media string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		chunk := []byte(`{"a":"` + strings.Repeat("x", 64<<10))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

// hanging never answers.
func hanging(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// dripping answers a byte at a time, for ever.
func dripping(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	control := http.NewResponseController(w)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := w.Write([]byte(" ")); err != nil || control.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// resetting breaks the connection instead of an answer.
func resetting(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// truncating promises more than it sends.
func truncating(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"access_token":"abc"`))
	panic(http.ErrAbortHandler)
}

// huge is a document of 20 MB that would be good if it were smaller.
func huge(r *pendingReply) { r.Body += strings.Repeat(" ", 20<<20) }
