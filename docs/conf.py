"""How the documentation is built (`make docs`): MyST pages, generated references, an executed notebook.

The site needs nothing from elsewhere: formulas become MathML; scripts, styles and pictures are its own.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "workflow"), str(HERE.parent / "tools" / "docs")]

import mathml  # noqa: E402
import references  # noqa: E402
from pygments.lexers.python import PythonLexer  # noqa: E402

references.write(HERE)
mathml.copy_font(HERE / "_generated" / "fonts")

project = "memgen"
html_show_copyright = False
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_generated", "_static"]

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
# A notebook is run by `make docs`, from nothing; a cell that fails fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_ipywidgets_js = {}
nb_output_stderr = "remove"  # libraries' remarks on where they run

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
default_role = "code"
add_module_names = False
html_math_renderer = "mathml"

html_theme = "furo"
html_title = "memgen"
html_static_path = ["_static", "_generated/fonts"]
html_extra_path = ["_generated/extra"]
html_css_files = ["site.css"]
html_js_files = ["claims.js"]
html_copy_source = False
html_show_sourcelink = False


def setup(app):
    """Register the renderer of formulas, and what Pygments does not know."""
    mathml.setup(app)
    app.add_lexer("snakemake", PythonLexer)
    app.connect("autodoc-process-docstring", references.plain_docstring)
