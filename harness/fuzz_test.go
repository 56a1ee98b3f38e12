package harness

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/json"
	"testing"
	"time"

	"noisebench/results"
)

// FuzzCheckpoint resumes a run from checkpoints with arbitrary contents and a fitting checksum:
// they are refused, or the run comes to an end that its record can state.
func FuzzCheckpoint(f *testing.F) {
	p, o := pointsDef(11, &callLog{}), busyDef(false)
	run := runOf(p, o, 1, 60)
	ctx, cancel := context.WithCancel(context.Background())
	m := &memory{after: 9, cancel: cancel}
	if _, err := RunResumable(ctx, p, o, run, nil, m.checkpoints("here", nil)); err == nil || m.data == nil {
		f.Fatalf("the run has no checkpoint: %v", err)
	}
	var whole saved
	if err := gob.NewDecoder(bytes.NewReader(m.data[sha256.Size:])).Decode(&whole); err != nil {
		f.Fatal(err)
	}
	sealed := func(body []byte) []byte {
		sum := sha256.Sum256(body)
		return append(sum[:], body...)
	}
	f.Add(whole.Kept, whole.State, []byte(nil))
	f.Add([]byte("{}"), []byte(nil), []byte(nil))
	f.Add([]byte("null"), []byte{1, 2, 3}, m.data[sha256.Size:])
	var k kept
	if err := json.Unmarshal(whole.Kept, &k); err != nil {
		f.Fatal(err)
	}
	for _, change := range []func(k *kept){
		func(k *kept) { k.Points = nil },
		func(k *kept) { k.Seen = -1 << 62 },
		func(k *kept) { k.Order.At = 12 },
		func(k *kept) { k.Examples[0] = 11 },
		func(k *kept) { k.NextMark = 1 << 40 },
		func(k *kept) { k.TraceLoss = nil },
	} {
		odd := k
		odd.Examples = append([]int(nil), k.Examples...)
		change(&odd)
		text, err := json.Marshal(odd)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, whole.State, []byte(nil))
	}
	f.Fuzz(func(t *testing.T, text, state, body []byte) {
		if len(body) == 0 {
			changed := whole
			changed.Kept, changed.State = text, state
			var b bytes.Buffer
			if err := gob.NewEncoder(&b).Encode(&changed); err != nil {
				t.Fatal(err)
			}
			body = b.Bytes()
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		record, err := RunResumable(ctx, p, o, run, nil, &Checkpoints{
			By: "here", Every: time.Hour,
			Load: func() ([]byte, error) { return sealed(body), nil },
			Save: func([]byte) error { return nil },
		})
		if ctx.Err() != nil {
			t.Fatal("the run does not end")
		}
		if err == nil {
			if _, err := results.Encode(record); err != nil {
				t.Fatal(err)
			}
		}
	})
}
