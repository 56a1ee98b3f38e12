package claim

import "testing"

// FuzzParse reads arbitrary contents of claims: what is none has no owner, and an owner can be
// asked for.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "\n", "{}\n1\n", `{"token":"A","machine":"m","pid":1,"boot":"b","start":"2"}` + "\n7\n", `{"token":"A"}`,
		`{"token":"../A","pid":-1}` + "\n-9223372036854775808\n", `{"token":1}` + "\n1\n", "\x00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		owner, beat, ok := parse(text)
		if ok != (owner.Token != "") || !ok && (beat != 0 || owner != Owner{}) {
			t.Fatalf("%+v, %d, %t", owner, beat, ok)
		}
		_ = owner.gone()
	})
}
