package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
)

func TestStreamThatIsClosed(t *testing.T) {
	for _, test := range []struct {
		name     string
		changing bool
		code     int
	}{
		{"a report ends", false, ExitOutput},
		{"a change continues", true, ExitOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			_ = read.Close()
			defer func() { _ = write.Close() }()
			var cause error
			r := &readers{closed: func(err error) { cause = err }}
			env := Env{readers: r}
			if test.changing {
				env.changing()
			}
			s := &stream{out: write, readers: r}
			n, err := s.Write([]byte("line\n"))
			if test.changing {
				if n != 5 || err != nil || cause != nil {
					t.Errorf("wrote %d, %v, and ended with %v", n, err, cause)
				}
			} else if !errors.Is(err, errOutputClosed) || !errors.Is(cause, errOutputClosed) {
				t.Errorf("error %v, and ended with %v", err, cause)
			}
			if code := Exit(s, nil); code != test.code {
				t.Errorf("exit code %d instead of %d", code, test.code)
			}
		})
	}
}

func TestConfirmationThatNobodySees(t *testing.T) {
	r := &readers{}
	r.gone.Store(true)
	env := Env{readers: r, InTerminal: true}
	if err := env.confirm(t.Context(), "Continue?"); !errors.Is(err, errOutputClosed) {
		t.Errorf("%v", err)
	}
}

func TestStreamInASCII(t *testing.T) {
	var out bytes.Buffer
	w := io.Writer(&stream{out: &out, ascii: true, readers: &readers{}})
	if n, err := io.WriteString(w, "→ … └─ ├─ ✓\n"); n != len("→ … └─ ├─ ✓\n") || err != nil {
		t.Error(n, err)
	}
	_, _ = io.WriteString(exactly(w), `{"message": "→"}`)
	if want := "> ... `- |- +\n" + `{"message": "→"}`; out.String() != want {
		t.Errorf("%q instead of %q", out.String(), want)
	}
}

func TestShowsUnicode(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"LANG": "en_US.UTF-8"}, true},
		{map[string]string{"LC_ALL": "C.utf8", "LANG": "C"}, true},
		{map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LC_CTYPE": "POSIX", "LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LANG": "de_DE.ISO-8859-1"}, false},
		{map[string]string{"LANG": "en_US.UTF-8", "TERM": "dumb"}, false},
		{map[string]string{}, false},
	} {
		if got := showsUnicode(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v: %t", test.env, got)
		}
	}
}
