"""The command line, run in this process."""

import pytest

from web.cli.main import main


@pytest.fixture
def axiomatic(capsys):
    """Run a command; gives exit code, standard output and standard error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return left.value.code, output.out, output.err

    return run
