# What the jobs of a Kubernetes cluster, Binder and a dev container run in: the environment that `make env` makes.
FROM python:3.11-slim-bookworm

# kubectl, of kubernetes-client, submits pods from a pod.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git kubernetes-client make \
 && rm -rf /var/lib/apt/lists/*

# Binder asks for a user of this number, and for the names of the arguments. The folder is made first because
# WORKDIR would make it root's.
ARG NB_USER=jovyan
ARG NB_UID=1000
RUN useradd --create-home --uid ${NB_UID} ${NB_USER}
USER ${NB_USER}
ENV HOME=/home/${NB_USER}
ENV XSTILTS_HOME=${HOME}/xstilts
RUN mkdir ${XSTILTS_HOME}
WORKDIR ${XSTILTS_HOME}
COPY --chown=${NB_UID} . .
RUN make env \
 && ln -s jupyter-lab .venv/bin/jupyter-notebook
# The second, by which Binder starts, is JupyterLab: the older program is not in the lock.

# The variables that the Makefile gives to what it starts.
ENV OPENBLAS_CORETYPE=Haswell \
    PATH=${XSTILTS_HOME}/.venv/bin:${PATH}
