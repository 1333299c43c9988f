# attack: a list that holds itself
# expect: wrong_type
def dY_dX(X):
    answer = []
    answer.append(answer)
    return answer
