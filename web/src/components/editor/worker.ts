/** The editor's one worker: differences and words of a text, away from the thread that draws. */
import "monaco-editor/editor/editor.worker";
