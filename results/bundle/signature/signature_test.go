package signature

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"
)

// place is a folder with a key and a bundle that it signed, both by ssh-keygen itself.
type place struct {
	t           *testing.T
	dir, bundle string
	public      string // type and key
}

func newPlace(t *testing.T, kind, namespace string) *place {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("no ssh-keygen: install OpenSSH, on Debian by apt-get install openssh-client")
	}
	p := &place{t: t, dir: t.TempDir()}
	p.bundle = p.write("b.noisebench.tar.zst", "contents")
	key := filepath.Join(p.dir, "key")
	p.run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key)
	p.run("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key, p.bundle)
	text, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	p.public = strings.Join(strings.Fields(string(text))[:2], " ")
	return p
}

func (p *place) write(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p *place) run(name string, args ...string) {
	p.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func TestSigner(t *testing.T) {
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		p := newPlace(t, kind, Namespace)
		for _, c := range []struct{ signers, name, err string }{
			{"", "", ""},
			{"alice@example.org KEY\n", "alice@example.org", ""},
			{"# people\n\nbob ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJr5rRQ6ZPmDJfMgRLzxkHvTgVJXS4u6ciAmGvRQyFxt b\nalice KEY comment", "alice", ""},
			{`alice namespaces="file,noise*" KEY`, "alice", ""},
			{`alice namespaces="git" KEY`, "", ""},
			{`alice namespaces="[" KEY`, "", "line 1: pattern ["},
			{`alice cert-authority KEY`, "", "option cert-authority is not supported"},
			{"alice", "", "line 1: there is only a name"},
			{"\nalice nonsense", "", "line 2"},
			{"alice minisign nonsense", "", "line 1: this is not a public key of minisign"},
		} {
			signers, err := ReadSigners(p.write("signers", strings.ReplaceAll(c.signers, "KEY", p.public)))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%q: error %v, want %q", c.signers, err, c.err)
				}
				continue
			}
			s, err2 := Of(p.bundle, signers)
			if err := errors.Join(err, err2); err != nil || s == nil || s.Name != c.name || !strings.HasPrefix(s.Key, "SHA256:") {
				t.Errorf("%s, %q: %v, %v; want %q", kind, c.signers, s, err, c.name)
			}
		}
	}
}

// Made by minisign 0.11 itself.
const (
	miniKey       = "RWQyYd7Lkrve71QmqhmSS7Vc1yaHBWd+CSluV2gy5hurXQKng7PWE8M1"
	miniSignature = `untrusted comment: signature from minisign secret key
RUQyYd7Lkrve72+2FjR2C2fFuSFrN2VKvwIesGCVIyCtWw1pL5HSfnoYPrjjQrVRKjqMNvoz1pp6j7VcfGUj5phzLDjg0UhhAA4=
trusted comment: timestamp:1795872992	file:b.noisebench.tar.zst	hashed
CPGmaIkEiI0L5nITNhQsu1xJ+W+4G2duE/0+nhU3CytKBoKvrdJNeHuH3wTGdXI2rUs890I5VcB4pbKV9pRABw==
`
)

func TestMinisign(t *testing.T) {
	old := strings.Replace(miniSignature, "RUQy", "RWQy", 1) // another algorithm
	other, _, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// A key with the number of the first, of which whoever makes it has the free choice.
	raw, err := base64.StdEncoding.DecodeString(miniKey)
	if err != nil {
		t.Fatal(err)
	}
	raw[20] ^= 1
	twin := base64.StdEncoding.EncodeToString(raw)
	for _, c := range []struct{ what, signers, contents, sig, want, err string }{
		{"listed", "bob minisign " + miniKey, "contents", miniSignature, "signed by bob (minisign EFDEBB92CBDE6132)", ""},
		{"not listed", "bob minisign " + other.String(), "contents", miniSignature, "with a signature by minisign EFDEBB92CBDE6132, which is not in the list", ""},
		{"one of two with a number", "eve minisign " + twin + "\nbob minisign " + miniKey, "contents", miniSignature, "signed by bob", ""},
		{"the other one", "eve minisign " + twin, "contents", miniSignature, "", "is not valid for this bundle"},
		{"other contents", "bob minisign " + miniKey, "Contents", miniSignature, "", "is not valid for this bundle"},
		{"another comment", "bob minisign " + miniKey, "contents", strings.Replace(miniSignature, "179", "189", 1), "", "is not valid"},
		{"old", "bob minisign " + miniKey, "contents", old, "", "of the old kind"},
		{"nonsense", "bob minisign " + miniKey, "contents", "nonsense", "", "is not a signature by minisign"},
	} {
		p := &place{t: t, dir: t.TempDir()}
		p.bundle = p.write("b.noisebench.tar.zst", c.contents)
		p.write("b.noisebench.tar.zst.minisig", c.sig)
		signers, err := ReadSigners(p.write("signers", c.signers))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Of(p.bundle, signers)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) || s != nil {
				t.Errorf("%s: %v, error %v, want %q", c.what, s, err, c.err)
			}
		case err != nil || !strings.HasPrefix(s.String(), c.want) || (s.Name == "") != s.Unverified:
			t.Errorf("%s: %v, %v, want %q", c.what, s, err, c.want)
		}
		p.write("b.noisebench.tar.zst.sig", c.sig)
		if _, err := Of(p.bundle, signers); err == nil {
			t.Errorf("%s: two signatures are accepted", c.what)
		}
	}
}

func TestNotSigned(t *testing.T) {
	p := newPlace(t, "ed25519", Namespace)
	if err := os.Remove(p.bundle + Extension); err != nil {
		t.Fatal(err)
	}
	if s, err := Of(p.bundle, nil); s != nil || err != nil {
		t.Errorf("got %v, %v; want nobody", s, err)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*place)
		want   string
	}{
		"another bundle": {func(p *place) { p.write("b.noisebench.tar.zst", "Contents") }, "is not valid for this bundle"},
		"text":           {func(p *place) { p.write("b.noisebench.tar.zst.sig", "hello") }, "is not a signature"},
		"long": {func(p *place) {
			p.write("b.noisebench.tar.zst.sig", strings.Repeat("x", maxFile+1))
		}, "has more than 1048576 bytes"},
		"another's signature": {func(p *place) {
			other := newPlace(p.t, "ed25519", Namespace)
			text, err := os.ReadFile(filepath.Join(other.dir, "b.noisebench.tar.zst.sig"))
			if err != nil {
				p.t.Fatal(err)
			}
			// The other key has signed the same bytes: valid, but by another.
			p.write("b.noisebench.tar.zst.sig", string(text))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, "ed25519", Namespace)
			c.change(p)
			signers, err := ReadSigners(p.write("signers", "alice "+p.public))
			if err != nil {
				t.Fatal(err)
			}
			s, err := Of(p.bundle, signers)
			if c.want == "" {
				if err != nil || s.Name != "" || !strings.HasPrefix(s.String(), "signed by an unknown key, SHA256:") {
					t.Errorf("%v, %v; want an unknown key", s, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	p := newPlace(t, "ed25519", "git")
	if _, err := Of(p.bundle, nil); err == nil || !strings.Contains(err.Error(), `is a signature for "git", want "noisebench"`) {
		t.Errorf("error %v, want that it is for something else", err)
	}
}
