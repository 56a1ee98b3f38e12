// Package signature verifies who signed a bundle. Signatures are those of ssh-keygen -Y sign, by
// the keys that people have for their code hosts anyway; nothing here makes or keeps keys.
//
//	ssh-keygen -Y sign -n noisebench -f ~/.ssh/id_ed25519 qhm.noisebench.tar.zst
//
// writes qhm.noisebench.tar.zst.sig beside the bundle. The file allowed_signers in the same folder
// lists whose key it is, in the format of ssh-keygen(1), ALLOWED SIGNERS.
package signature

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"noisebench/results"
)

// Namespace keeps signatures of bundles apart from those of other things by the same key.
const Namespace = "noisebench"

// Names of files.
const (
	Extension   = ".sig"            // of a signature, after the name of the bundle
	SignersFile = "allowed_signers" // in the folder of the bundles
)

// maxFile bounds what is read of either file, in bytes.
const maxFile = 1 << 20

// Signer is who signed a bundle.
type Signer struct {
	Name string `json:"name,omitempty"` // in allowed_signers; empty: the key is not in there
	Key  string `json:"key"`            // SHA256:…, as ssh-keygen -l prints it
}

func (s Signer) String() string {
	if s.Name == "" {
		return "an unknown key, " + s.Key
	}
	return s.Name + " (" + s.Key + ")"
}

// Of verifies the signature beside a bundle and returns its signer; nil: the bundle is not signed.
// A signature that is not valid for the bundle's bytes is an error.
func Of(bundle string) (*Signer, error) {
	text, err := results.ReadRegular(bundle+Extension, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read its signature: %w", err)
	}
	f, err := results.OpenRegular(bundle)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	key, err := verify(filepath.Base(bundle)+Extension, text, f)
	if err != nil {
		return nil, err
	}
	signer := &Signer{Key: ssh.FingerprintSHA256(key)}
	signer.Name, err = nameOf(filepath.Join(filepath.Dir(bundle), SignersFile), key)
	return signer, err
}

// verify returns the key of a signature for what bundle reads. name is that of the signature's
// file.
func verify(name string, text []byte, bundle io.Reader) (ssh.PublicKey, error) {
	sig, err := sshsig.Unarmor(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not a signature by ssh-keygen -Y sign: %w", name, err)
	}
	if sig.Namespace != Namespace {
		return nil, fmt.Errorf("%s is a signature for %q, want %q; sign by: ssh-keygen -Y sign -n %s",
			name, sig.Namespace, Namespace, Namespace)
	}
	if err := sshsig.Verify(bundle, sig, sig.PublicKey, sig.HashAlgorithm, Namespace); err != nil {
		return nil, fmt.Errorf("%s is not valid for this bundle: %w", name, err)
	}
	return sig.PublicKey, nil
}

// nameOf finds the name of a key in a file of allowed signers; empty: it is not there, or there is
// no file.
func nameOf(file string, key ssh.PublicKey) (string, error) {
	text, err := results.ReadRegular(file, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return nameIn(filepath.Base(file), string(text), key)
}

// nameIn is nameOf for the contents of a file.
func nameIn(file, text string, key ssh.PublicKey) (string, error) {
	want := ssh.FingerprintSHA256(key)
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		bad := func(err error) error {
			return fmt.Errorf("%s, line %d: %w; want NAME KEYTYPE KEY, as in alice@example.org "+
				"ssh-ed25519 AAAA…", file, i+1, err)
		}
		name, rest, ok := strings.Cut(line, " ")
		if !ok {
			return "", bad(errors.New("there is only a name"))
		}
		known, _, options, _, err := ssh.ParseAuthorizedKey([]byte(strings.TrimSpace(rest)))
		if err != nil {
			return "", bad(err)
		}
		if ssh.FingerprintSHA256(known) != want {
			continue
		}
		allowed, err := allows(options)
		if err != nil {
			return "", bad(err)
		}
		if allowed {
			return strings.Trim(name, `"`), nil
		}
	}
	return "", nil
}

// allows reports whether a key with these options may sign bundles. Unknown options are refused,
// since all of them restrict.
func allows(options []string) (bool, error) {
	for _, o := range options {
		key, value, _ := strings.Cut(o, "=")
		if !strings.EqualFold(key, "namespaces") {
			return false, fmt.Errorf("option %s is not supported, want only namespaces", key)
		}
		found := false
		for pattern := range strings.SplitSeq(strings.Trim(value, `"`), ",") {
			ok, err := path.Match(pattern, Namespace)
			if err != nil {
				return false, fmt.Errorf("pattern %s: %w", pattern, err)
			}
			found = found || ok
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}
